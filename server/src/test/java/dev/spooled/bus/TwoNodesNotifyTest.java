package dev.spooled.bus;

import java.util.Map;

/// With nothing between them but their PostgreSQL.
final class TwoNodesNotifyTest extends TwoNodes {
    @Override
    Map<String, String> environment() {
        return Map.of();
    }
}
