/// Schedules: jobs that come again by the clock. Begin with `Cron`, then `FireSchedules` (docs/schedules.md).
@NullMarked
package dev.spooled.schedules;

import org.jspecify.annotations.NullMarked;
