package dev.spooled.bench;

/// The machine a result was taken on, without anything that names it.
record Machine(String label, int processors, String system, String architecture, String java) {
    static Machine here(String label) {
        return new Machine(
                label,
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("os.name", "unknown"),
                System.getProperty("os.arch", "unknown"),
                Runtime.version().toString());
    }
}
