package dev.spooled.config;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/// A secret of the server: the one it was told, else one of 256 random bits that the first start makes and keeps in the
/// data directory, readable by its owner only. There is no secret by default.
public final class KeptSecret {
    private static final int RANDOM_BYTES = 32;
    private static final int LEAST_CHARACTERS = 32;
    private static final int LEAST_DIFFERENT = 10;

    private KeptSecret() {}

    /// `told` has been checked by `checked`.
    public static String of(@Nullable String told, Path directory, String fileName) {
        return told != null ? told : kept(directory.resolve(fileName));
    }

    /// A told secret that is long enough and not one letter over and over.
    static @Nullable String checked(Setting setting, @Nullable String told) {
        if (told != null
                && (told.length() < LEAST_CHARACTERS || told.chars().distinct().count() < LEAST_DIFFERENT)) {
            throw new CannotStart(
                    setting + " is too weak: expected at least " + LEAST_CHARACTERS + " random characters");
        }
        return told;
    }

    private static String kept(Path file) {
        try {
            if (!Files.exists(file)) {
                make(file);
            }
            String secret = Files.readString(file).strip();
            if (secret.length() < LEAST_CHARACTERS) {
                throw new CannotStart(file + " holds no secret: remove it to have a new one made");
            }
            return secret;
        } catch (IOException e) {
            throw new CannotStart("the secret " + file + " cannot be kept: " + e.getMessage());
        }
    }

    private static void make(Path file) throws IOException {
        Path folder = file.toAbsolutePath().normalize().getParent();
        Files.createDirectories(folder);
        byte[] random = new byte[RANDOM_BYTES];
        new SecureRandom().nextBytes(random);
        String secret = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
        boolean posix = Files.getFileStore(folder).supportsFileAttributeView("posix");
        FileAttribute<?>[] ownerOnly = posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                }
                : new FileAttribute<?>[0];
        Path fresh = Files.createTempFile(folder, ".secret", "", ownerOnly);
        try {
            Files.writeString(fresh, secret + "\n", StandardOpenOption.WRITE);
            Files.move(fresh, file);
        } catch (FileAlreadyExistsException e) {
            return;
        } finally {
            Files.deleteIfExists(fresh);
        }
    }
}
