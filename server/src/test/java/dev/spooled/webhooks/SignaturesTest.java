package dev.spooled.webhooks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Signatures against those of the fixture, which were made by another program; and the code that
/// docs/webhooks.md gives to consumers, run on them.
class SignaturesTest {
    private static final Path DOCS = Path.of("..", "docs");

    private static JsonNode fixture() throws IOException {
        return new JsonMapper()
                .readTree(Files.readString(DOCS.resolve("fixtures").resolve("webhook-signatures.json")));
    }

    @Test
    void bothSignaturesAreThoseOfTheFixture() throws IOException {
        JsonNode fixture = fixture();
        byte[] body = fixture.get("body").asString().getBytes(StandardCharsets.UTF_8);
        long time = fixture.get("timestamp").asLong();
        UUID id = UUID.fromString(fixture.get("webhook_id").asString());
        assertThat(fixture.get("signatures")).hasSize(2);
        for (JsonNode signed : fixture.get("signatures")) {
            String secret = signed.get("secret").asString();
            assertThat(Signatures.own(secret, time, body))
                    .isEqualTo(signed.get("X-Spooled-Signature").asString());
            assertThat(Signatures.standard(secret, id, time, body))
                    .isEqualTo(signed.get("webhook-signature").asString());
        }
    }

    @Test
    void mintedSecretsAreOfStandardWebhooksAndAllDifferent() {
        assertThat(Signatures.mint()).matches("whsec_[A-Za-z0-9+/]{43}=").isNotEqualTo(Signatures.mint());
    }

    @Test
    void theCodeForPythonVerifies() throws Exception {
        String code = block("python").replace("time.time()", "int(sys.argv[1])") + """

                import json, sys
                f = json.load(open(sys.argv[2], encoding="utf-8"))
                b, t = f["body"].encode(), str(f["timestamp"])
                for s in f["signatures"]:
                    assert is_from_spooled(s["secret"], t, s["X-Spooled-Signature"], b)
                    assert not is_from_spooled(s["secret"], t, s["X-Spooled-Signature"], b + b" ")
                    assert not is_from_spooled("other", t, s["X-Spooled-Signature"], b)
                """;
        run("python3", "-c", code);
    }

    @Test
    void theCodeForNodeVerifies() throws Exception {
        String code = block("js").replace("Date.now() / 1000", "Number(process.argv[1])") + """

                const f = JSON.parse(require("node:fs").readFileSync(process.argv[2], "utf8"));
                const b = Buffer.from(f.body), t = String(f.timestamp);
                for (const s of f.signatures) {
                  const good = isFromSpooled(s.secret, t, s["X-Spooled-Signature"], b);
                  const bad = isFromSpooled(s.secret, t, s["X-Spooled-Signature"], Buffer.from(f.body + " "));
                  const other = isFromSpooled("other", t, s["X-Spooled-Signature"], b);
                  if (!good || bad || other) process.exit(1);
                }
                """;
        run("node", "-e", code);
    }

    /// Compiled as printed, but for the clock.
    @Test
    void theCodeForJavaVerifies(@TempDir Path folder) throws Exception {
        JsonNode fixture = fixture();
        String timestamp = fixture.get("timestamp").asString();
        String method = block("java").replace("System.currentTimeMillis() / 1000", timestamp + "L");
        Path source = Files.writeString(
                folder.resolve("Receiver.java"),
                Stream.of(
                                        "java.nio.charset.StandardCharsets",
                                        "java.security.GeneralSecurityException",
                                        "java.security.MessageDigest",
                                        "java.util.HexFormat",
                                        "javax.crypto.Mac",
                                        "javax.crypto.spec.SecretKeySpec")
                                .map(name -> "import " + name + ";\n")
                                .collect(Collectors.joining())
                        + "public class Receiver {\npublic " + method + "}\n");
        var problems = new ByteArrayOutputStream();
        int compiled = ToolProvider.getSystemJavaCompiler().run(null, problems, problems, source.toString());
        assertThat(compiled).as(problems.toString(StandardCharsets.UTF_8)).isZero();
        try (var loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
            Method verify = loader.loadClass("Receiver")
                    .getMethod("isFromSpooled", String.class, String.class, String.class, byte[].class);
            byte[] body = fixture.get("body").asString().getBytes(StandardCharsets.UTF_8);
            String longAgo = Long.toString(Long.parseLong(timestamp) - 301);
            for (JsonNode each : fixture.get("signatures")) {
                String secret = each.get("secret").asString();
                String signature = each.get("X-Spooled-Signature").asString();
                assertThat(verify.invoke(null, secret, timestamp, signature, body))
                        .isEqualTo(true);
                assertThat(verify.invoke(null, "other", timestamp, signature, body))
                        .isEqualTo(false);
                assertThat(verify.invoke(null, secret, timestamp, signature, new byte[1]))
                        .isEqualTo(false);
                String old = Signatures.own(secret, Long.parseLong(longAgo), body);
                assertThat(verify.invoke(null, secret, longAgo, old, body)).isEqualTo(false);
            }
        }
    }

    private static String block(String language) throws IOException {
        var block = Pattern.compile("(?ms)^```" + language + "\\n(.*?)^```")
                .matcher(Files.readString(DOCS.resolve("webhooks.md")));
        assertThat(block.find()).isTrue();
        return block.group(1);
    }

    /// A machine without the language cannot tell; the fixture above is checked everywhere.
    private static void run(String program, String flag, String code) throws Exception {
        org.junit.jupiter.api.Assumptions.assumeTrue(isThere(program), program + " is not installed");
        Path fixture =
                DOCS.resolve("fixtures").resolve("webhook-signatures.json").toAbsolutePath();
        Process process = new ProcessBuilder(
                        program, flag, code, fixture().get("timestamp").asString(), fixture.toString())
                .redirectErrorStream(true)
                .start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(printed).isZero();
    }

    private static boolean isThere(String program) throws InterruptedException {
        try {
            return new ProcessBuilder(program, "--version").start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }
}
