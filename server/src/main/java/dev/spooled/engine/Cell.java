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
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/// One cell as this node works it: its database brought to the newest schema, the clock, the lane and the chores.
/// Opened when everything has been tried once: roles, partitions, a first round trip of the lane.
public final class Cell implements AutoCloseable {
    private final UUID node;
    private final UUID installation;
    private final Db db;
    private final DatabaseClock clock;
    private final Lane lane;
    private final EngineChores chores;
    private final Chore hooks;
    private final Chore registry;
    private final Upkeep upkeep;
    private final List<Upkeep> further = new CopyOnWriteArrayList<>();
    private volatile Bus bus = Bus.ALONE;

    /// What all cells of a node have in common. `fenced`: there are several, so organizations may come and go.
    public record Options(UUID node, int connections, String version, Lane.Way way, boolean fenced) {}

    private Cell(Db db, DbAddress address, Options options) {
        int number = db.cell();
        this.db = db;
        node = options.node();
        RoleSelfTest.run(db);
        clock = new DatabaseClock(EngineChores.readTime(db), System.nanoTime());
        lane = new Lane(address, number, node, clock, options.way());
        chores = new EngineChores(lane, db, clock, number);
        installation = chores.installation();
        chores.keepPartitions().runOnce();
        registry = chores.registerNode(node, options.version());
        registry.runOnce();
        hooks = chores.noteHooks();
        hooks.runOnce();
        lane.start();
        db.watch(lane::giveUpWaiting);
        try {
            lane.run(new Command.Promote(1));
        } catch (RuntimeException e) {
            lane.close();
            throw e;
        }
        var all = new ArrayList<Chore>(chores.all());
        all.add(EngineChores.followClock(db, clock));
        all.add(registry);
        all.add(new Retention(db, clock, number).dropDays());
        all.addAll(new RetentionSweep(db, clock, number).chores());
        upkeep = new Upkeep(all);
    }

    public static Cell open(DbAddress address, Options options) {
        return open(0, address, options, db -> {});
    }

    /// A further one. `first` sees its database before anything is done in it.
    public static Cell open(int number, DbAddress address, Options options, Consumer<Db> first) {
        new Migrator(address).migrate();
        var db = new Db(address, options.connections(), number, options.fenced());
        try {
            first.accept(db);
            return new Cell(db, address, options);
        } catch (RuntimeException e) {
            db.close();
            throw e;
        }
    }

    public int number() {
        return db.cell();
    }

    /// Has a chore run until the cell is closed.
    public void alsoDo(Chore chore) {
        further.add(new Upkeep(List.of(chore)));
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

    /// Tells this database apart from others, for what several installations share. Read before the chores start, which
    /// on a slow machine may take all connections for a while.
    public UUID installation() {
        return installation;
    }

    public boolean isAlone() {
        return chores.nodes() <= 1;
    }

    /// How many nodes work this cell, this one counted.
    public int nodes() {
        return chores.nodes();
    }

    /// Whether the database answers and the lane reaches it.
    public boolean isReady() {
        return lane.isReachable() && db.isAnswering();
    }

    @Override
    public void close() {
        further.forEach(Upkeep::close);
        upkeep.close();
        boolean reachable = isReady();
        lane.close();
        if (reachable) {
            chores.leave(node);
        }
        db.close();
    }
}
