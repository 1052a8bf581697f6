package dev.spooled.orgs;

import dev.spooled.access.Actor;
import dev.spooled.access.Caller;
import dev.spooled.access.OwnKeys;
import dev.spooled.access.Remembered;
import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.db.Tx;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Who belongs to an organization: people, who sign in by e-mail, and its active keys, which clients show as members,
/// too. A member who leaves is refused with the next request on this server, within five seconds on others.
public final class Members {
    private static final Statements SQL = Statements.beside(Members.class, "members.sql");
    private static final Sql PERSON = SQL.get("person");
    private static final Sql JOIN = SQL.get("join");
    private static final Sql MEMBERS = SQL.get("members");
    private static final Sql KEY_MEMBERS = SQL.get("key_members");
    private static final Sql LEAVE = SQL.get("leave");
    private static final int MAX_LISTED = 100;

    private final Db db;
    private final Clock clock;
    private final OwnKeys keys;
    private final Remembered remembered;

    public Members(Db db, Clock clock, OwnKeys keys, Remembered remembered) {
        this.db = db;
        this.clock = clock;
        this.keys = keys;
        this.remembered = remembered;
    }

    /// Makes the person with that address a member; false for one who is already. Runs as the engine, since an address
    /// may be known from another organization.
    public boolean join(Tx tx, int org, String email, Role role, @Nullable UUID invitedBy) {
        Instant now = clock.now();
        UUID person = tx.first(
                        PERSON,
                        Args.of("id", UUID.randomUUID()).and("email", email).and("now", now),
                        row -> row.uuid("id"))
                .orElseThrow();
        Args args = Args.of("org", org)
                .and("person", person)
                .and("role", role.word())
                .and("now", now)
                .and("invited_by", invitedBy);
        return tx.run(JOIN, args) == 1;
    }

    Member invite(Caller caller, String email, Role role) {
        caller.checkUnrestricted();
        UUID by = caller.actor().kind() == Actor.Kind.PERSON ? caller.actor().id() : null;
        boolean joined = db.asEngine(tx -> join(tx, caller.org(), email, role, by));
        if (!joined) {
            throw Refused.conflict(email + " is a member already");
        }
        return people(caller).stream()
                .filter(member -> member.email().equals(email))
                .findFirst()
                .orElseThrow(() -> Refused.conflict("The organization has too many members to list"));
    }

    List<Member> list(Caller caller) {
        var all = new ArrayList<>(people(caller));
        Args args = Args.of("org", caller.org()).and("now", clock.now()).and("limit", MAX_LISTED);
        all.addAll(db.readInOrg(caller.org(), KEY_MEMBERS, args, Members::key));
        return all.stream().limit(MAX_LISTED).toList();
    }

    /// Ends a person's membership, or revokes the key that was shown as a member.
    void remove(Caller caller, UUID member) {
        caller.checkUnrestricted();
        Args args = Args.of("org", caller.org()).and("person", member);
        if (db.asEngine(tx -> tx.run(LEAVE, args)) == 1) {
            remembered.forget(member);
            return;
        }
        keys.revoke(caller, member);
    }

    private List<Member> people(Caller caller) {
        Args args = Args.of("org", caller.org()).and("limit", MAX_LISTED);
        return db.readAsEngine(MEMBERS, args, Members::person);
    }

    private static Member person(Row row) throws SQLException {
        String email = row.text("email");
        return new Member(
                row.uuid("id"),
                email,
                email,
                Role.of(row.text("role")),
                row.instant("joined_at"),
                row.uuidOrNull("invited_by"));
    }

    private static Member key(Row row) throws SQLException {
        return new Member(
                row.uuid("id"),
                row.text("email"),
                row.text("name"),
                row.bool("is_owner") ? Role.OWNER : Role.MEMBER,
                row.instant("joined_at"),
                null);
    }
}
