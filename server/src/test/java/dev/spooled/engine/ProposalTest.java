package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.PgArray;
import dev.spooled.engine.Command.Cancel;
import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Expire;
import dev.spooled.engine.Command.Promote;
import dev.spooled.engine.Command.Reap;
import dev.spooled.engine.Command.Settle;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/// What memory decides by itself and what it leaves to the exact way.
class ProposalTest {
    private static final int ORG = 1;
    private static final int QUEUE = 7;
    private static final UUID JOB = UUID.fromString("019abcde-0000-7000-8000-000000000001");

    private final LaneMemory memory = new LaneMemory();

    private void remember() {
        var row = new ReadyHead.Row("(0,1)", JOB, ORG, 0, (short) 0, (short) 0, (short) 0, 300, PgArray.NO_TIME);
        memory.learn(QUEUE, ReadyHead.of(List.of(row), false));
    }

    private static Ticket<?> claim() {
        return new Ticket<>(new Claim(ORG, QUEUE, "w", 10, 30, 0, () -> true));
    }

    private Proposal propose(Command<?>... besides) {
        var batch = new Batch(1_000_000);
        for (Command<?> command : besides) {
            batch.add(new Ticket<>(command));
        }
        batch.add(claim());
        return Proposal.of(batch, memory, new LeaseIds());
    }

    @Test
    void choresLeaveClaimsToMemory() {
        remember();
        var proposal = propose(new Promote(10), new Reap(10), new Expire(10), new Settle());
        assertThat(proposal.hands).hasSize(1);
        assertThat(proposal.rest.claims).isEmpty();
        assertThat(proposal.rest.promotes).hasSize(1);
    }

    @Test
    void aCallersChangeOfReadyJobsSendsClaimsTheExactWay() {
        remember();
        var proposal = propose(new Cancel(ORG, JOB));
        assertThat(proposal.hands).isEmpty();
        assertThat(proposal.rest.claims).hasSize(1);
    }

    @Test
    void nothingSettledForgetsNothing() {
        remember();
        settled(0);
        assertThat(memory.head(QUEUE)).isNotNull();
        settled(1);
        assertThat(memory.head(QUEUE)).isNull();
    }

    private void settled(int jobs) {
        var ticket = new Ticket<>(new Settle());
        var batch = new Batch(1_000_000);
        batch.add(ticket);
        var proposal = Proposal.of(batch, memory, new LeaseIds());
        ticket.propose(jobs);
        proposal.remember();
    }
}
