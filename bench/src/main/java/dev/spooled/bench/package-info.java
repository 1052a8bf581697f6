/// The load driver behind `./spooled bench`. Start with `Main`, then `Load` (what is asked) and `LoadRun` (how it is
/// driven); `LaneDoor` and `HttpDoor` are the two ways in, `Tally` and `Report` what is measured and kept. Other job
/// queues are measured beside ours by `PeersCommand`: a `Contender` is a row of its table, a `TurnRun` gives it turns.
@NullMarked
package dev.spooled.bench;

import org.jspecify.annotations.NullMarked;
