/// The load driver behind `./spooled bench`. Start with `Main`, then `Load` (what is asked) and `LoadRun` (how it is
/// driven); `LaneDoor` and `HttpDoor` are the two ways in, `Tally` and `Report` what is measured and kept.
@NullMarked
package dev.spooled.bench;

import org.jspecify.annotations.NullMarked;
