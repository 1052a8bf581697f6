package dev.spooled.bench;

import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.PgArray;
import dev.spooled.db.Sql;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.NewJob;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/// As `LaneDoor`, and workers get the payloads as the server hands them out: as the lane remembers a job, else read
/// from its row after the commit.
final class ReadingDoor implements Door {
    private static final Sql PAYLOADS =
            new Sql("payloads", "select id, payload from job where cell = 0 and id = any(?)", List.of("ids"));

    private final LaneDoor lane;
    private final Db db;

    ReadingDoor(EngineUnderTest engine) {
        this.lane = new LaneDoor(engine);
        this.db = engine.db();
    }

    @Override
    public int enqueue(int queue, int priority, int count) throws Declined {
        return lane.enqueue(queue, priority, count);
    }

    @Override
    public List<Held> claim(int queue, String worker, int limit, Duration wait) throws Declined {
        var leased = lane.leased(queue, worker, limit, wait);
        var payloads = payloads(leased);
        var held = new ArrayList<Held>(leased.size());
        for (var job : leased) {
            var sent = JsonScan.numbers(payloads.getOrDefault(job.id(), ""), "sent");
            held.add(new Held(job.id(), job.leaseId(), sent.getFirst()));
        }
        return held;
    }

    @Override
    public void complete(Held job, String worker) throws Declined {
        lane.complete(job, worker);
    }

    @Override
    public void close() {
        lane.close();
    }

    private Map<UUID, String> payloads(List<Leased> leased) {
        var payloads = new HashMap<UUID, String>();
        var unknown = PgArray.uuids();
        for (var job : leased) {
            NewJob remembered = job.facts();
            if (remembered == null) {
                unknown.add(job.id());
            } else {
                payloads.put(job.id(), remembered.payload());
            }
        }
        if (unknown.size() > 0) {
            db.readAsEngine(PAYLOADS, Args.of("ids", unknown), row -> Map.entry(row.uuid("id"), row.text("payload")))
                    .forEach(read -> payloads.put(read.getKey(), read.getValue()));
        }
        return payloads;
    }
}
