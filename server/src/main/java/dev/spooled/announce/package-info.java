/// What happens besides changes of jobs, told to whoever listens live: `Announcer` takes it, the operations tell it
/// after their commit.
@NullMarked
package dev.spooled.announce;

import org.jspecify.annotations.NullMarked;
