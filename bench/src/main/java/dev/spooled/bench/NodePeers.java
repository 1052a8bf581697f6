package dev.spooled.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The job queues of Node.js: one driver process for each, started when it is first needed.
final class NodePeers implements AutoCloseable {
    private static final String GRAPHILE = "graphile-worker";
    private static final String GRAPHILE_SETTINGS =
            "concurrentJobs 24, localQueue of 500 (refetchDelay 10 ms)," + " completeJobBatchDelay 0, 25 connections";
    private static final String GRAPHILE_UNFINISHED = "select count(*) from graphile_worker._private_jobs";
    private static final String BOSS = "pg-boss";
    private static final String BOSS_UNFINISHED = "select count(*) from pgboss.job where state < 'completed'";
    private static final String BOSS_FINISHED = "select count(*) from pgboss.job where state = 'completed'";

    private final NodeModules modules;
    private final Map<String, NodeDriver> drivers = new HashMap<>();

    NodePeers(NodeModules modules) {
        this.modules = modules;
    }

    static boolean isOne(Contender contender) {
        return contender.system().equals(GRAPHILE) || contender.system().equals(BOSS);
    }

    List<Contender> contenders() {
        var contenders = new ArrayList<Contender>();
        contenders.add(graphile("single", 16, 1, "addJob from 16 callers", null));
        contenders.add(graphile("batched", 2, 100, "addJobs of 100 from 2 callers", null));
        contenders.add(graphile(
                "history",
                2,
                100,
                "as batched, and a trigger of ours copies what is deleted",
                "select count(*) from job_history"));
        contenders.add(
                boss("single", 16, 1, "send from 16 callers; 16 workers fetch 10, complete each; 20 connections"));
        contenders.add(boss(
                "batched",
                2,
                100,
                "insert of 100 from 2 callers; 6 workers fetch 100, complete them by one call; 20 connections"));
        return contenders;
    }

    private Contender graphile(String way, int producers, int bulk, String callers, @Nullable String finished) {
        return new Contender(
                GRAPHILE,
                way,
                "0.18.0",
                callers + "; " + GRAPHILE_SETTINGS,
                finished != null,
                GRAPHILE_UNFINISHED,
                finished,
                source(GRAPHILE, way, producers, bulk));
    }

    private Contender boss(String way, int producers, int bulk, String settings) {
        return new Contender(
                BOSS,
                way,
                "12.38.0",
                settings,
                true,
                BOSS_UNFINISHED,
                BOSS_FINISHED,
                source(BOSS, way, producers, bulk));
    }

    private Contender.Source source(String system, String way, int producers, int bulk) {
        return address -> driver(system)
                .open(Map.of(
                        "url",
                        SpooledPeer.url(address),
                        "way",
                        way,
                        "producers",
                        producers,
                        "bulk",
                        bulk,
                        "bound",
                        PeerLoad.UNFINISHED_MAX));
    }

    private NodeDriver driver(String system) throws IOException {
        var driver = drivers.get(system);
        if (driver == null) {
            driver = new NodeDriver(modules.start(system));
            drivers.put(system, driver);
        }
        return driver;
    }

    @Override
    public void close() {
        drivers.values().forEach(NodeDriver::close);
    }
}
