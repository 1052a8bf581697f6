/// Webhooks that this server sends. What happened lies in `outbox`; `FanOut` makes a delivery of it for each
/// webhook that wants to know, `Deliver` sends them. Start with those two (docs/webhooks.md).
@NullMarked
package dev.spooled.webhooks;

import org.jspecify.annotations.NullMarked;
