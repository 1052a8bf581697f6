package dev.spooled.support;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Which test saw which answer of which operation. With `-Dspooled.exchanges=FILE` each is noted there once, as
/// `operation TAB status TAB test class`; docs/endpoints.md is drawn from such a file.
final class Exchanges {
    private static final @Nullable String FILE = System.getProperty("spooled.exchanges");
    private static final Set<String> NOTED = ConcurrentHashMap.newKeySet();

    private Exchanges() {}

    static void note(Contract.Operation operation, int status) {
        if (FILE == null) {
            return;
        }
        String line = operation.method() + " " + operation.path() + "\t" + status + "\t" + test() + "\n";
        if (NOTED.add(line)) {
            try {
                Files.writeString(Path.of(FILE), line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static String test() {
        return StackWalker.getInstance()
                .walk(frames -> frames.map(StackWalker.StackFrame::getClassName)
                        .map(name -> name.replaceFirst("[$].*", ""))
                        .filter(name -> name.endsWith("Test"))
                        .findFirst())
                .orElse("");
    }
}
