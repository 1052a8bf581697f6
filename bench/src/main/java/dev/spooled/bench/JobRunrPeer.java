package dev.spooled.bench;

import dev.spooled.db.DbAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jobrunr.configuration.JobRunr;
import org.jobrunr.jobs.lambdas.JobRequest;
import org.jobrunr.jobs.lambdas.JobRequestHandler;
import org.jobrunr.server.BackgroundJobServerConfiguration;
import org.jobrunr.storage.sql.postgres.PostgresStorageProvider;
import org.jobrunr.utils.mapper.jackson3.Jackson3JsonMapper;
import org.jspecify.annotations.Nullable;

/// JobRunr, the open-source edition. It is one per JVM, so the handler finds its load in a static place.
final class JobRunrPeer {
    private static final String VERSION = "8.7.0";
    private static final String SETTINGS =
            "32 workers (twice its default here), polling every 5 s (its least), job requests, Jackson, 40 connections";
    private static final int WORKERS = 32;
    private static final int CONNECTIONS = 40;
    private static final Duration POLLING = Duration.ofSeconds(5);
    private static final String UNFINISHED =
            "select count(*) from jobrunr_jobs where state not in ('SUCCEEDED', 'DELETED')";
    private static final String FINISHED = "select count(*) from jobrunr_jobs where state = 'SUCCEEDED'";

    private static volatile @Nullable PeerLoad current;

    private JobRunrPeer() {}

    static List<Contender> contenders() {
        return List.of(
                contender("single", 16, 1, "16 threads enqueue singly"),
                contender("batched", 2, 100, "2 threads enqueue streams of 100"));
    }

    private static Contender contender(String way, int producers, int bulk, String callers) {
        return new Contender(
                "jobrunr",
                way,
                VERSION,
                callers + "; " + SETTINGS,
                true,
                UNFINISHED,
                FINISHED,
                address -> new PeerLoad(producers, bulk, load -> start(load, address)));
    }

    private static PeerLoad.Library start(PeerLoad load, DbAddress address) {
        current = load;
        var pool = DbSchedulerPeer.pool(address, CONNECTIONS);
        var server = BackgroundJobServerConfiguration.usingStandardBackgroundJobServerConfiguration()
                .andWorkerCount(WORKERS)
                .andPollInterval(POLLING);
        var scheduler = JobRunr.configure()
                .useJsonMapper(new Jackson3JsonMapper())
                .useStorageProvider(new PostgresStorageProvider(pool))
                .useBackgroundJobServer(server)
                .initialize()
                .getJobRequestScheduler();
        return new PeerLoad.Library() {
            @Override
            public void enqueue(List<String> payloads) {
                if (payloads.size() == 1) {
                    var unused = scheduler.enqueue(new Work(payloads.getFirst()));
                } else {
                    scheduler.enqueue(payloads.stream().map(Work::new));
                }
            }

            @Override
            public void close() {
                var unused = JobRunr.destroy();
                pool.close();
            }
        };
    }

    /// One job.
    public record Work(String payload) implements JobRequest {
        @Override
        public Class<Handler> getJobRequestHandler() {
            return Handler.class;
        }
    }

    /// Made by JobRunr for each job.
    public static final class Handler implements JobRequestHandler<Work> {
        @Override
        public void run(Work work) {
            Objects.requireNonNull(current).handled(work.payload());
        }
    }
}
