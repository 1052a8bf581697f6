-- When the retry that followed a failure was due: a repeated acknowledgement is answered as the first one was.
alter table attempt add column retry_at timestamptz;
