-- History is read newest first within a schedule.
create index schedule_run_by_time on schedule_run (cell, schedule, started_at desc);
