package dev.spooled.conformance.check;

import dev.spooled.conformance.history.Op;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/// Who sees what, and who is let in.
final class Tenants {
    private static final long REVOKED_WITHIN = 5_000_000;

    private Tenants() {}

    /// No organization is given what another made.
    static void apart(Facts facts, Findings findings) {
        Map<String, String> owners = new HashMap<>();
        for (Op op : facts.story().ops()) {
            if (op.isOk()) {
                Facts.made(op).forEach(id -> owners.put(id, op.org()));
            }
        }
        facts.deliveries().forEach((job, deliveries) -> {
            for (Delivery delivery : deliveries) {
                String org = delivery.claim().org();
                findings.look(
                        owners.getOrDefault(job, org).equals(org),
                        "job " + job + " was delivered to " + org + ": "
                                + delivery.claim().place());
            }
        });
        facts.jobs()
                .values()
                .forEach(job -> findings.look(
                        owners.getOrDefault(job.id(), job.org()).equals(job.org()),
                        "job " + job.id() + " is listed for " + job.org()));
    }

    /// An id of another organization is answered as one that nobody has.
    static void foreignAsUnknown(Facts facts, Findings findings) {
        Map<String, Set<String>> unknown = new HashMap<>();
        for (Op op : facts.named("peek")) {
            if (op.asked("whose").equals("nobody")) {
                unknown.computeIfAbsent(op.asked("route"), route -> new HashSet<>())
                        .add(form(op));
            }
        }
        for (Op op : facts.named("peek")) {
            if (op.asked("whose").equals("other") && op.status() > 0 && op.status() < 500) {
                Set<String> usual = unknown.getOrDefault(op.asked("route"), Set.of());
                findings.look(
                        op.status() == 404 && usual.contains(form(op)),
                        "another organization's job was answered " + form(op) + ", an unknown one " + usual + ": "
                                + op.place());
            }
        }
    }

    /// The answer without the id that was asked for, and the request's.
    private static String form(Op op) {
        return op.status() + " " + op.answered("code") + " "
                + op.answered("message").replace(op.asked("id"), "{id}");
    }

    static void revoked(Facts facts, Findings findings) {
        Map<String, Long> since = new HashMap<>();
        for (Op op : facts.named("revoke")) {
            if (op.isOk()) {
                since.merge(op.asked("id"), op.heard(), Math::min);
            }
        }
        for (Op use : facts.named("use")) {
            Long revoked = since.get(use.asked("id"));
            if (revoked != null && use.sent() > revoked + REVOKED_WITHIN) {
                findings.look(!use.isOk(), "a revoked key was let in: " + use.place());
            }
        }
    }
}
