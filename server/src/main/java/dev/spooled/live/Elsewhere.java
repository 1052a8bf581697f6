package dev.spooled.live;

import dev.spooled.bus.Bus;
import dev.spooled.bus.Message.Happened;
import dev.spooled.bus.Message.Joined;
import dev.spooled.bus.Message.Listening;
import dev.spooled.live.Inbox.Told;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The other nodes' listeners. Nodes say each few seconds for which organizations they have some, and only of
/// those they are told what happens here.
final class Elsewhere {
    private static final Logger log = LoggerFactory.getLogger(Elsewhere.class);

    /// What a node said holds so long.
    private static final long HOLDS_NANOS = TimeUnit.SECONDS.toNanos(10);

    private static final byte[] LOST = {'X'};
    private static final int MAX_ORGS = 100_000;
    private static final int ORGS_IN_A_MESSAGE = 1_000;
    private static final int LARGEST = 64 << 10;

    private final Bus bus;
    private final Map<Integer, Long> wantedAt = new ConcurrentHashMap<>();

    /// What the hub does with what is told there.
    interface Hearing {
        Collection<Integer> orgs();

        void heard(int org, List<Told> told);

        void missed();
    }

    Elsewhere(Bus bus, Hearing hearing) {
        this.bus = bus;
        Bus.onEach(bus, Listening.class, this::note);
        Bus.onEach(bus, Joined.class, joined -> listen(hearing.orgs()));
        bus.subscribe(Happened.class, new Bus.Subscriber<>() {
            @Override
            public void heard(Happened happened) {
                if (Arrays.equals(happened.events(), LOST)) {
                    hearing.missed();
                    return;
                }
                try {
                    hearing.heard(happened.org(), EventWire.read(happened.org(), happened.events()));
                } catch (IOException e) {
                    log.debug("another node told what is not understood: {}", e.getMessage());
                }
            }

            @Override
            public void missed() {
                hearing.missed();
            }
        });
    }

    private void note(Listening listening) {
        long now = System.nanoTime();
        for (int org : listening.orgs()) {
            if (wantedAt.size() < MAX_ORGS || wantedAt.containsKey(org)) {
                wantedAt.put(org, now);
            }
        }
    }

    /// Whether events may come from others, out of their order.
    boolean isShared() {
        return bus.hasOthers();
    }

    boolean wantsAny() {
        return !wantedAt.isEmpty();
    }

    boolean wants(int org) {
        return wantedAt.containsKey(org);
    }

    /// Says for whom there are listeners here.
    void listen(Collection<Integer> orgs) {
        var all = new ArrayList<>(orgs);
        for (int i = 0; i < all.size(); i += ORGS_IN_A_MESSAGE) {
            bus.publish(new Listening(List.copyOf(all.subList(i, Math.min(all.size(), i + ORGS_IN_A_MESSAGE)))));
        }
    }

    /// Lets go what was not said again.
    void forgetOld() {
        long now = System.nanoTime();
        wantedAt.values().removeIf(at -> now - at > HOLDS_NANOS);
    }

    /// Tells that of these organizations something was lost before it was told.
    void tellLost(Collection<Integer> orgs) {
        for (int org : orgs) {
            if (wants(org)) {
                bus.publish(new Happened(org, LOST));
            }
        }
    }

    /// Tells what happened here.
    void tell(List<Told> told) {
        Map<Integer, List<Told>> byOrg = new LinkedHashMap<>();
        for (Told item : told) {
            if (item.own()) {
                item.ofOrgs().forEach((org, part) -> {
                    if (wants(org)) {
                        byOrg.computeIfAbsent(org, it -> new ArrayList<>()).add(part);
                    }
                });
            }
        }
        byOrg.forEach((org, items) -> EventWire.write(items, Math.min(bus.largest(), LARGEST))
                .forEach(events -> bus.publish(new Happened(org, events))));
    }
}
