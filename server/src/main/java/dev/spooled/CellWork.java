package dev.spooled;

import dev.spooled.engine.Cell;
import dev.spooled.upkeep.Chore;
import dev.spooled.upkeep.Upkeep;
import dev.spooled.webhooks.OutgoingWebhooks;
import java.util.List;

/// What this node does for one cell besides its lane: webhooks are sent, schedules fire, what is past its time goes.
record CellWork(OutgoingWebhooks webhooks, Upkeep upkeep) implements AutoCloseable {
    static CellWork of(Cell cell, OutgoingWebhooks webhooks, List<Chore> chores) {
        cell.lane().onEvents(webhooks::eventsMayWait);
        return new CellWork(webhooks, new Upkeep(chores));
    }

    @Override
    public void close() {
        upkeep.close();
        webhooks.close();
    }
}
