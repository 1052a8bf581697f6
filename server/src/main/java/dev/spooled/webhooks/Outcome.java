package dev.spooled.webhooks;

import dev.spooled.time.Clock;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What came of one attempt and follows from it. `token` is the end of the lease it was made under, null when
/// it was made besides the plan. `counts` says that with this the delivery as a whole has failed once.
record Outcome(
        UUID delivery,
        @Nullable UUID webhook,
        @Nullable Instant token,
        Answered answered,
        @Nullable Instant next,
        boolean failing,
        boolean counts) {

    static Outcome planned(Due due, Instant token, Answered answered, Instant now) {
        if (answered.isSuccess()) {
            return new Outcome(due.id(), due.webhook(), token, answered, null, false, false);
        }
        int failures = due.failures() + 1;
        Instant next = answered.isGone() ? null : RetryPlan.next(failures, answered.retryAfter(), now);
        boolean counts = answered.isGone() ? failures <= RetryPlan.QUICK : failures == RetryPlan.QUICK;
        return new Outcome(
                due.id(), due.webhook(), token, answered, next, next == null || failures >= RetryPlan.QUICK, counts);
    }

    static Outcome besidesPlan(Due due, Answered answered) {
        return new Outcome(due.id(), due.webhook(), null, answered, null, false, false);
    }

    boolean isSuccess() {
        return answered.isSuccess();
    }

    boolean isGone() {
        return webhook != null && answered.isGone();
    }

    long nextMicros() {
        return next == null ? dev.spooled.db.PgArray.NO_TIME : Clock.microsOf(next);
    }

    long tokenMicros() {
        return token == null ? dev.spooled.db.PgArray.NO_TIME : Clock.microsOf(token);
    }
}
