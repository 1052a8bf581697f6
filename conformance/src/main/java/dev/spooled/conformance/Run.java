package dev.spooled.conformance;

import dev.spooled.conformance.check.Checks;
import dev.spooled.conformance.fleet.Fleet;
import dev.spooled.conformance.history.History;
import dev.spooled.conformance.history.Story;
import dev.spooled.conformance.load.Cast;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// One run from its seed: start, quiet beginning, load and faults, quiet end, verdicts.
final class Run {
    private final Options options;
    private final PrintWriter out;
    private final History history = new History();
    private final Random random;

    Run(Options options, PrintWriter out) {
        this.options = options;
        this.out = out;
        this.random = new Random(options.seed());
    }

    Account go() throws IOException, InterruptedException {
        Path folder = options.folder();
        Files.createDirectories(folder);
        say("conformance: --seed " + options.seed() + ", in " + folder);
        URI target = options.target();
        return target == null ? againstFleet(folder) : againstTarget(target, folder);
    }

    private Account againstFleet(Path folder) throws IOException, InterruptedException {
        try (var fleet = new Fleet(options.form(folder), history)) {
            // Ctrl-C leaves no servers behind.
            Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(fleet::close));
            say("started: " + options.title()
                    + (fleet.hasSteppedClocks() || options.isRolling()
                            ? ""
                            : ", NO STEPS OF THE CLOCK: no C compiler (cc)"));
            String first = Files.readString(
                            folder.resolve(fleet.nodes().getFirst().name()).resolve("default.key"))
                    .strip();
            String second = Cast.anotherOrganization(fleet.urls().getFirst(), first);
            List<String> keys = List.of(first, second);
            if (options.isRolling()) {
                return new Rolling(options.seconds(), fleet).under(this, keys, folder);
            }
            var cast = cast(fleet.urls(), keys);
            cast.standInLine();
            cast.begin();
            var faults = new Faults(fleet, options.killsRedis(), new Random(random.nextLong()));
            pass();
            faults.stop();
            fleet.awaitReady();
            return close(cast, folder);
        }
    }

    Cast cast(List<URI> urls, List<String> keys) {
        return new Cast(urls, keys, options.load(), history, random);
    }

    /// A server that runs already is not disturbed, only its connections are cut.
    private Account againstTarget(URI target, Path folder) throws IOException, InterruptedException {
        var cast = cast(List.of(target), options.keys());
        cast.standInLine();
        cast.begin();
        pass();
        return close(cast, folder);
    }

    private void pass() {
        LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(options.seconds()));
    }

    Account close(Cast cast, Path folder) throws IOException, InterruptedException {
        say("load ends; working off what is left");
        var remarks = new ArrayList<String>();
        if (!cast.end()) {
            remarks.add("NOT ALL WORK WAS DONE IN TIME");
        }
        remarks.add("connections that found nobody " + cast.unreachable() + ", that broke " + cast.broken());
        cast.failures().forEach(failure -> remarks.add("A FAULT OF THIS PROGRAM: " + failure));
        history.story().write(folder.resolve("history.ndjson"));
        return judge(options.title(), folder.resolve("history.ndjson"), remarks);
    }

    static Account judge(String title, Path file, List<String> remarks) throws IOException {
        Story story = Story.read(file);
        return new Account(title, story, Checks.judge(story), remarks);
    }

    private void say(String line) {
        out.println(line);
        out.flush();
    }
}
