package dev.spooled.engine;

/// Groups errors that are the same but for numbers and ids in them: a 64-bit FNV-1a hash (Fowler, Noll, Vo) of the
/// first line, with each run of digits read as one zero. Kept in `attempt` for error groups.
final class Fingerprint {
    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;
    private static final int CHARS_MAX = 300;

    private Fingerprint() {}

    static long of(String error) {
        long hash = FNV_OFFSET;
        boolean inNumber = false;
        for (int i = 0; i < Math.min(error.length(), CHARS_MAX) && error.charAt(i) != '\n'; i++) {
            char c = error.charAt(i);
            boolean digit = c >= '0' && c <= '9';
            if (!digit || !inNumber) {
                hash = (hash ^ (digit ? '0' : c)) * FNV_PRIME;
            }
            inNumber = digit;
        }
        return hash;
    }
}
