package dev.spooled.engine;

import dev.spooled.bus.Bus;
import dev.spooled.bus.Message.Changed;
import dev.spooled.bus.Message.Joined;
import dev.spooled.bus.Message.What;
import dev.spooled.db.Db;
import dev.spooled.db.DbAddress;
import dev.spooled.db.Migrator;
import dev.spooled.db.RoleSelfTest;
import dev.spooled.time.Clock;
import dev.spooled.time.DatabaseClock;
import dev.spooled.upkeep.Chore;
import dev.spooled.upkeep.Upkeep;
import java.util.ArrayList;
import java.util.UUID;

/// One cell as this node works it: its database brought to the newest schema, the clock, the lane and the chores.
/// Opened when everything has been tried once: roles, partitions, a first round trip of the lane.
public final class Cell implements AutoCloseable {
    private final UUID node = UUID.randomUUID();
    private final Db db;
    private final DatabaseClock clock;
    private final Lane lane;
    private final EngineChores chores;
    private final Chore hooks;
    private final Chore registry;
    private final Upkeep upkeep;
    private volatile Bus bus = Bus.ALONE;

    private Cell(DbAddress address, int number, int connections, String version, Lane.Way way) {
        new Migrator(address).migrate();
        db = new Db(address, connections);
        RoleSelfTest.run(db);
        clock = new DatabaseClock(EngineChores.readTime(db), System.nanoTime());
        lane = new Lane(address, number, node, clock, way);
        chores = new EngineChores(lane, db, clock, number);
        chores.keepPartitions().runOnce();
        registry = chores.registerNode(node, version);
        registry.runOnce();
        hooks = chores.noteHooks();
        hooks.runOnce();
        lane.start();
        lane.run(new Command.Promote(1));
        var all = new ArrayList<Chore>(chores.all());
        all.add(EngineChores.followClock(db, clock));
        all.add(registry);
        all.add(new Retention(db, clock, number).dropDays());
        all.addAll(new RetentionSweep(db, clock, number).chores());
        upkeep = new Upkeep(all);
    }

    public static Cell open(DbAddress address, int connections, String version, Lane.Way way) {
        return new Cell(address, 0, connections, version, way);
    }

    public Db db() {
        return db;
    }

    public Clock clock() {
        return clock;
    }

    public Lane lane() {
        return lane;
    }

    /// Makes the lanes look at once which organizations have webhooks; call it after a change of them.
    public void rereadHooks() {
        hooks.runOnce();
        bus.publish(new Changed(What.WEBHOOKS, 0, ""));
    }

    /// Has what happens here and there told at once. What a new node does not hear of is found by the chores.
    public void shareOver(Bus bus) {
        this.bus = bus;
        lane.shareOver(bus);
        Bus.onEach(bus, Joined.class, joined -> registry.runOnce());
        Bus.onEach(bus, Changed.class, changed -> {
            if (changed.what() == What.WEBHOOKS) {
                hooks.runOnce();
            }
        });
    }

    public UUID node() {
        return node;
    }

    /// Tells this database apart from others, for what several installations share.
    public UUID installation() {
        return chores.installation();
    }

    public boolean isAlone() {
        return chores.nodes() <= 1;
    }

    /// How many nodes work this cell, this one counted.
    public int nodes() {
        return chores.nodes();
    }

    /// Whether the lane reaches its database.
    public boolean isReady() {
        return lane.isReachable();
    }

    @Override
    public void close() {
        upkeep.close();
        lane.close();
        db.close();
    }
}
