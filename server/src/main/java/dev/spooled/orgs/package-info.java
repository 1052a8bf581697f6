/// Organizations: made, changed and deleted by `Organizations`, with their `Members`, `WebhookTokens`, `Usage`
/// and `Plans`; and the directory of queues that jobs go through (`Queues`). `OrgsHttp` is the first of the
/// doors.
@NullMarked
package dev.spooled.orgs;

import org.jspecify.annotations.NullMarked;
