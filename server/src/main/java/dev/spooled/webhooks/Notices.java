package dev.spooled.webhooks;

import dev.spooled.access.Trail;
import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.mail.Postbox;
import dev.spooled.webhooks.Deliveries.SwitchedOff;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells that a webhook was disabled by its failures or at its receiver's wish: in the server's log, in the
/// organization's audit log, and by e-mail to the organization's address if there is one.
final class Notices implements Consumer<SwitchedOff> {
    private static final Statements SQL = Statements.beside(Notices.class, "deliveries.sql");
    private static final Sql ADDRESSEE = SQL.get("addressee");
    private static final Logger log = LoggerFactory.getLogger(Notices.class);
    private static final int ENDED = 200;

    private final Db db;
    private final int cell;
    private final Trail trail;
    private final @Nullable Postbox postbox;

    Notices(Db db, int cell, Trail trail, @Nullable Postbox postbox) {
        this.db = db;
        this.cell = cell;
        this.trail = trail;
        this.postbox = postbox;
    }

    @Override
    public void accept(SwitchedOff off) {
        log.warn("webhook {} of organization {} was disabled: it does not take deliveries", off.webhook(), off.org());
        String path = "/api/v1/outgoing-webhooks/" + off.webhook();
        trail.keep(new Trail.Entry(off.org(), "server", "webhook disabled", path, "", ENDED));
        if (postbox != null) {
            write(off, postbox);
        }
    }

    private void write(SwitchedOff off, Postbox to) {
        Args args = Args.of("org", off.org());
        for (String address : db.readAsEngine(ADDRESSEE, args, row -> row.text("billing_email"))) {
            to.take(new Postbox.Letter(
                    address, "A webhook was disabled: " + off.name().replaceAll("\\p{Cntrl}", " "), """
                    The webhook "%s" (%s) was disabled, because its last %d deliveries failed or its receiver asked
                    for no more (410). Once the receiver works, enable it again; what failed since then can be sent
                    again with POST /api/v1/outgoing-webhooks/%s/recover.
                    """.formatted(
                                    off.name(), off.webhook(), RetryPlan.FAILURES_MAX, off.webhook())));
        }
    }
}
