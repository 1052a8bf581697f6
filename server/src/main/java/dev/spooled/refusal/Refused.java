package dev.spooled.refusal;

/// Carries a `Refusal` to the door that answers it. Expected, so it has no stack trace.
public final class Refused extends RuntimeException {
    private final transient Refusal refusal;

    public Refused(Refusal refusal) {
        super(refusal.message(), null, false, false);
        this.refusal = refusal;
    }

    public Refusal refusal() {
        return refusal;
    }

    public static Refused invalid(String field, String message) {
        return new Refused(new Refusal.Invalid(field, message));
    }

    public static Refused notFound(String message) {
        return new Refused(new Refusal.NotFound(message));
    }

    public static Refused conflict(String message) {
        return new Refused(new Refusal.Conflict(message));
    }

    public static Refused unavailable(String message) {
        return new Refused(new Refusal.Unavailable(1, message));
    }
}
