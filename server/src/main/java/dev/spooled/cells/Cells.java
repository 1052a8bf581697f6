package dev.spooled.cells;

import dev.spooled.bus.Bus;
import dev.spooled.config.CannotStart;
import dev.spooled.db.Args;
import dev.spooled.db.DatabaseUrl;
import dev.spooled.db.Db;
import dev.spooled.db.DbAddress;
import dev.spooled.db.Homes;
import dev.spooled.db.PostgresCheck;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.engine.Cell;
import dev.spooled.engine.Lanes;
import dev.spooled.refusal.Refused;
import dev.spooled.upkeep.Upkeep;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The cells of this node by number. Cell 0 is always there and holds the directory; the others are opened when they
/// can be reached, and whoever lives in one that cannot is refused at once, while nobody else notices. Without further
/// cells everybody lives in cell 0 and nothing is looked up.
public final class Cells implements Residents, AutoCloseable {
    private static final Statements SQL = Statements.beside(Cells.class, "cells.sql");
    private static final Sql REGISTER = SQL.get("register");
    private static final Logger log = LoggerFactory.getLogger(Cells.class);
    private static final Duration REST = Duration.ofSeconds(2);
    private static final Duration FIRST_TRY = Duration.ofSeconds(15);

    private final Cell zero;
    private final SortedMap<Integer, DbAddress> further;
    private final Map<Integer, DbAddress> addresses;
    private final Opening opening;
    private final CellMap map;
    private final Map<Integer, Cell> open = new ConcurrentHashMap<>();
    private final Map<Integer, Mirror> mirrors = new ConcurrentHashMap<>();
    private final Map<Integer, Thread> openers = new ConcurrentHashMap<>();
    private final CountDownLatch closing = new CountDownLatch(1);
    private @Nullable Upkeep upkeep;

    /// How a further cell is opened: its number, its address, and what to do with its database before anything else.
    public interface Opening {
        Cell open(int number, DbAddress address, Consumer<Db> first);
    }

    /// `directory` is where cell 0 lies.
    public Cells(Cell zero, DbAddress directory, Map<Integer, DbAddress> further, Opening opening) {
        this.zero = zero;
        this.further = new TreeMap<>(further);
        this.addresses = new HashMap<>(further);
        this.addresses.put(0, directory);
        this.opening = opening;
        this.map = new CellMap(zero.db());
        open.put(0, zero);
    }

    /// Opens the further cells, each by a thread of its own that keeps trying, and waits for their first try. `work` is
    /// what this node does for each open cell, cell 0 among them.
    public void start(Bus bus, Consumer<Cell> work) {
        work.accept(zero);
        if (further.isEmpty()) {
            return;
        }
        var cutOff = new CutOffMoves(zero.db(), Map.copyOf(addresses), CutOffMoves.PATIENCE, CellMove.GRACE);
        upkeep = new Upkeep(List.of(map.followMoves(), cutOff));
        var tried = new CountDownLatch(further.size());
        further.forEach((number, address) -> openers.put(
                number,
                Thread.ofVirtual()
                        .name("open-cell-" + number)
                        .start(() -> keepTrying(number, address, bus, work, tried))));
        try {
            if (!tried.await(FIRST_TRY.toSeconds(), TimeUnit.SECONDS)) {
                log.warn("cells {} do not answer yet", away());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void keepTrying(int number, DbAddress address, Bus bus, Consumer<Cell> work, CountDownLatch tried) {
        String before = "";
        boolean stop = false;
        while (!stop) {
            try {
                open(number, address, bus, work);
                tried.countDown();
                return;
            } catch (RuntimeException e) {
                String why = String.valueOf(e.getMessage());
                if (!why.equals(before)) {
                    log.warn("cell {} cannot be opened, trying again each {}: {}", number, REST, why);
                    before = why;
                }
            }
            tried.countDown();
            stop = isClosingWithin(REST);
        }
    }

    private void open(int number, DbAddress address, Bus bus, Consumer<Cell> work) {
        PostgresCheck.check(address);
        zero.db().asEngine(tx -> tx.run(REGISTER, Args.of("home", number)));
        Cell cell = opening.open(number, address, new Adoption(zero.installation())::of);
        try {
            var mirror = new Mirror(zero.db(), cell.db(), zero.clock());
            var unused = mirror.runOnce();
            cell.shareOver(bus);
            cell.alsoDo(mirror);
            mirrors.put(number, mirror);
            work.accept(cell);
        } catch (RuntimeException e) {
            cell.close();
            throw e;
        }
        open.put(number, cell);
        log.info("cell {} is open", number);
    }

    private boolean isClosingWithin(Duration rest) {
        try {
            return closing.await(rest.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    // ---- who lives where

    /// The cell that the organization lives in. Refused as `Unavailable` while it is away.
    public Cell of(int org) {
        return further.isEmpty() ? zero : numbered(map.cellOf(org));
    }

    private Cell numbered(int number) {
        return reachable(number).orElseThrow(() -> Refused.unavailable("cell " + number + " is away"));
    }

    private Optional<Cell> reachable(int number) {
        return Optional.ofNullable(open.get(number)).filter(cell -> number == 0 || cell.isReady());
    }

    public Homes homes() {
        return new Homes() {
            @Override
            public Db of(int org) {
                return Cells.this.of(org).db();
            }

            @Override
            public Map<Db, List<Integer>> byHome(Collection<Integer> orgs) {
                return Cells.this.byHome(orgs);
            }

            @Override
            public List<Db> all() {
                return reachable().stream().map(Cell::db).toList();
            }
        };
    }

    public Lanes lanes() {
        return org -> of(org).lane();
    }

    private Map<Db, List<Integer>> byHome(Collection<Integer> orgs) {
        if (further.isEmpty()) {
            return Map.of(zero.db(), List.copyOf(orgs));
        }
        var homes = new HashMap<Db, List<Integer>>();
        map.cellsOf(orgs)
                .forEach((org, number) -> reachable(number)
                        .ifPresent(cell -> homes.computeIfAbsent(cell.db(), it -> new ArrayList<>())
                                .add(org)));
        return homes;
    }

    /// Those that can be worked now, cell 0 first.
    public List<Cell> reachable() {
        var found = new ArrayList<Cell>(List.of(zero));
        further.keySet().forEach(number -> reachable(number).ifPresent(found::add));
        return found;
    }

    public boolean areSeveral() {
        return !further.isEmpty();
    }

    /// Further cells that cannot be worked now.
    public List<Integer> away() {
        return further.keySet().stream()
                .filter(number -> reachable(number).isEmpty())
                .toList();
    }

    // ---- what the directory's changes mean for them

    @Override
    public void check(int cell) {
        if (cell != 0 && !further.containsKey(cell)) {
            throw Refused.invalid(
                    "cell",
                    "cell must be one of the server's: 0"
                            + further.keySet().stream()
                                    .map(number -> ", " + number)
                                    .reduce("", String::concat));
        }
        var unused = numbered(cell);
    }

    @Override
    public Optional<Db> changed(int org, int cell) {
        Mirror mirror = mirrors.get(cell);
        if (cell == 0 || mirror == null || reachable(cell).isEmpty()) {
            return Optional.empty();
        }
        try {
            mirror.copy(org);
            return Optional.of(numbered(cell).db());
        } catch (RuntimeException e) {
            log.warn("cell {} hears of organization {} later: {}", cell, org, e.getMessage());
            return Optional.empty();
        }
    }

    /// Waiting claims of all cells are answered.
    public void stopParking() {
        open.values().forEach(cell -> cell.lane().stopParking());
    }

    /// All but cell 0, whose maker closes it.
    @Override
    public void close() {
        closing.countDown();
        openers.values().forEach(Cells::join);
        if (upkeep != null) {
            upkeep.close();
        }
        open.forEach((number, cell) -> {
            if (number != 0) {
                cell.close();
            }
        });
    }

    private static void join(Thread opener) {
        try {
            opener.join(FIRST_TRY);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// The same with that of the directory, which is cell 0.
    public static Map<Integer, DbAddress> addresses(DbAddress directory, Map<Integer, String> urls) {
        var all = new HashMap<Integer, DbAddress>(addresses(urls));
        all.put(0, directory);
        return Map.copyOf(all);
    }

    /// Addresses by number, as a setting says them: `1=postgres://... 2=postgres://...`.
    public static SortedMap<Integer, DbAddress> addresses(Map<Integer, String> urls) {
        var addresses = new TreeMap<Integer, DbAddress>();
        urls.forEach((number, url) -> addresses.put(number, DatabaseUrl.parse(url)));
        if (addresses.values().stream().distinct().count() < addresses.size()) {
            throw new CannotStart("two cells of SPOOLED_CELLS are the same database");
        }
        return addresses;
    }
}
