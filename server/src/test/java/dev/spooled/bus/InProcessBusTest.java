package dev.spooled.bus;

/// Within a process.
final class InProcessBusTest extends BusConformance {
    private final InProcess exchange = new InProcess();

    @Override
    Link link() {
        return exchange.join();
    }

    /// There is nothing to break.
    @Override
    void cut() {}
}
