package dev.spooled.engine;

import dev.spooled.db.Args;
import dev.spooled.db.PgArray;
import dev.spooled.db.Sql;
import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Leased;
import dev.spooled.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/// Deals the ready rows of a batch out to its claims: the one place that decides who gets which job.
///
/// Claims of a queue are merged into one request; its rows come in order and are dealt to the claims in the order they
/// arrived. A slot is a place for one row, counted from 1 over all queues; the statement finds lease id and claim of a
/// row by its slot, so nobody is fenced under another's name.
final class Slots {
    private final List<Ticket<?>> asks;
    private final List<UUID> leases = new ArrayList<>();
    private final List<Integer> askOfSlot = new ArrayList<>();
    private final PgArray queues = PgArray.ints();
    private final PgArray bases = PgArray.ints();
    private final PgArray limits = PgArray.ints();
    private final Map<Integer, Leased> bySlot = new LinkedHashMap<>();

    private Slots(List<Ticket<?>> asks) {
        this.asks = asks;
    }

    static Slots deal(List<Ticket<?>> claims, LeaseIds leaseIds) {
        var slots = new Slots(claims);
        Map<Integer, List<Integer>> asksByQueue = new LinkedHashMap<>();
        for (int ask = 0; ask < claims.size(); ask++) {
            asksByQueue
                    .computeIfAbsent(slots.claim(ask).queue(), q -> new ArrayList<>())
                    .add(ask);
        }
        asksByQueue.forEach((queue, asks) -> slots.deal(queue, asks, leaseIds));
        return slots;
    }

    private void deal(int queue, List<Integer> asksOfQueue, LeaseIds leaseIds) {
        int base = leases.size();
        for (int ask : asksOfQueue) {
            for (int i = claim(ask).limit(); i > 0; i--) {
                leases.add(leaseIds.next());
                askOfSlot.add(ask);
            }
        }
        queues.add(queue);
        bases.add(base);
        limits.add(leases.size() - base);
    }

    private Claim claim(int ask) {
        return (Claim) asks.get(ask).command();
    }

    void add(RoundTrip trip, int cell, Batch batch, Sql claim, Horizon horizon) {
        if (asks.isEmpty()) {
            return;
        }
        PgArray leaseArray = PgArray.uuids();
        leases.forEach(leaseArray::add);
        PgArray askArray = PgArray.ints();
        askOfSlot.forEach(ask -> askArray.add(ask + 1));
        PgArray seconds = PgArray.ints();
        PgArray workers = PgArray.texts();
        for (int ask = 0; ask < asks.size(); ask++) {
            seconds.add(claim(ask).leaseSeconds());
            workers.add(claim(ask).worker());
        }
        Args args = Args.of("cell", cell)
                .and("now", batch.now())
                .and("queues", queues)
                .and("bases", bases)
                .and("limits", limits)
                .and("leases", leaseArray)
                .and("asks", askArray)
                .and("seconds", seconds)
                .and("workers", workers)
                .and("day", batch.day())
                .and("hooked", batch.audience().hasHooks())
                .and("since", horizon.of(batch))
                .and("today", batch.idsOfDay(0))
                .and("tomorrow", batch.idsOfDay(1));
        trip.add(claim, args, row -> {
            int slot = row.integer("slot");
            horizon.met(row.uuid("id"));
            bySlot.put(
                    slot,
                    new Leased(
                            row.uuid("id"),
                            row.integer("queue"),
                            leases.get(slot - 1),
                            row.integer("attempt"),
                            row.integer("retry_count"),
                            row.integer("priority"),
                            batch.now(),
                            endOf(batch, slot),
                            null));
        });
    }

    private Instant endOf(Batch batch, int slot) {
        return Clock.instantOf(
                batch.nowMicros() + claim(askOfSlot.get(slot - 1)).leaseSeconds() * 1_000_000L);
    }

    /// Asks again what `add` would have answered, after its reply was lost.
    void lookUp(RoundTrip trip, int cell) {
        bySlot.clear();
        if (asks.isEmpty()) {
            return;
        }
        PgArray leaseArray = PgArray.uuids();
        leases.forEach(leaseArray::add);
        trip.add(
                EngineSql.LEASES_GRANTED,
                Args.of("cell", cell).and("leases", leaseArray),
                row -> bySlot.put(
                        leases.indexOf(row.uuid("lease_id")) + 1,
                        new Leased(
                                row.uuid("id"),
                                row.integer("queue"),
                                row.uuid("lease_id"),
                                row.integer("attempt"),
                                row.integer("retry_count"),
                                row.integer("priority"),
                                row.instant("started_at"),
                                row.instant("expires_at"),
                                null)));
    }

    /// Proposes each claim its jobs, best first; a claim without any gets an empty list, which parks it if it may wait.
    void propose(Batch batch, RecentJobs recent) {
        List<List<Leased>> dealt = new ArrayList<>();
        asks.forEach(ask -> dealt.add(new ArrayList<>()));
        for (int slot = 1; slot <= leases.size(); slot++) {
            Leased leased = bySlot.get(slot);
            if (leased != null) {
                int ask = askOfSlot.get(slot - 1);
                dealt.get(ask).add(leased.with(recent.take(leased.id())));
                batch.moves.claimed(claim(ask).org(), leased, claim(ask).worker());
            }
        }
        for (int ask = 0; ask < asks.size(); ask++) {
            asks.get(ask).propose(dealt.get(ask));
        }
    }
}
