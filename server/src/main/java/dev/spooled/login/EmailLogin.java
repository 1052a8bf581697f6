package dev.spooled.login;

import dev.spooled.access.Actor;
import dev.spooled.access.Caller;
import dev.spooled.access.Seal;
import dev.spooled.access.Sessions;
import dev.spooled.access.SigningKeys;
import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.mail.Postbox;
import dev.spooled.orgs.EmailAddress;
import dev.spooled.orgs.Members;
import dev.spooled.orgs.NewOrganization;
import dev.spooled.orgs.Organizations;
import dev.spooled.orgs.Registration;
import dev.spooled.orgs.Role;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Signing in by a code sent to an address. Members of an organization get tokens for the one they joined first; an
/// address nobody has may sign up where registration is open. Nobody learns from the first step which it is.
public final class EmailLogin {
    private static final Statements SQL = Statements.beside(EmailLogin.class, "login.sql");
    private static final Sql MEMBERSHIPS = SQL.get("memberships");
    private static final Sql USE_TOKEN = SQL.get("use_token");
    private static final int MAX_MEMBERSHIPS = 100;

    private final Db db;
    private final Clock clock;
    private final Keys keys;
    private final LoginCodes codes;
    private final SignupTokens signups;
    private final @Nullable Postbox postbox;
    private final Joining joining;

    /// What signs, seals and opens sessions.
    public record Keys(SigningKeys signing, Seal seal, Sessions sessions) {}

    /// Where people and organizations come from.
    public record Joining(Organizations organizations, Members members, Registration registration) {}

    /// Without a `postbox` all is answered as not implemented.
    public EmailLogin(Db db, Clock clock, Keys keys, @Nullable Postbox postbox, Joining joining) {
        this.db = db;
        this.clock = clock;
        this.keys = keys;
        this.codes = new LoginCodes(db, clock, keys.seal());
        this.signups = new SignupTokens(keys.signing(), clock);
        this.postbox = postbox;
        this.joining = joining;
    }

    record Membership(UUID organization, Role role, Caller caller) {}

    /// What a right code leads to: tokens, or leave to sign up.
    sealed interface Verified {
        record Member(String email, Sessions.Pair tokens, List<Membership> memberships) implements Verified {}

        record Newcomer(String email, String signupToken) implements Verified {}
    }

    record SignedUp(Organizations.Created made, Sessions.Pair tokens) {}

    /// Sends a code, unless the address is nobody's and nobody may sign up.
    void start(String address) {
        Postbox box = postbox();
        String email = EmailAddress.checked("email", address);
        String code = codes.start(email);
        if (joining.registration == Registration.OPEN || !memberships(email).isEmpty()) {
            box.take(new Postbox.Letter(
                    email,
                    "Your sign-in code",
                    "Your code is " + code + ". It works once and for " + LoginCodes.LIFE.toMinutes()
                            + " minutes.\n\nIf you did not ask for it, do nothing."));
        }
    }

    Verified verify(String address, String code) {
        postbox();
        String email = EmailAddress.checked("email", address);
        codes.check(email, code);
        List<Membership> found = memberships(email);
        if (found.isEmpty()) {
            return new Verified.Newcomer(email, signups.write(email));
        }
        return new Verified.Member(email, keys.sessions().open(found.getFirst().caller()), found);
    }

    /// The newcomer's organization, with the newcomer as its owner.
    SignedUp complete(String signupToken, String name, String slug) {
        postbox();
        SignupTokens.Proof proof = signups.read(signupToken);
        if (joining.registration != Registration.OPEN) {
            throw new Refused(new Refusal.Forbidden("Registration is closed on this server"));
        }
        var asked = new NewOrganization(name, slug, proof.email(), null, null, null);
        Organizations.Created made = db.asEngine(tx -> {
            if (tx.run(USE_TOKEN, Args.of("jti", proof.id()).and("expires_at", proof.expiresAt())) == 0) {
                throw new Refused(new Refusal.Unauthenticated("The signup token is not valid"));
            }
            Organizations.Created created = joining.organizations.create(tx, asked);
            joining.members.join(tx, created.organization().number(), proof.email(), Role.OWNER, null);
            return created;
        });
        Membership membership = memberships(proof.email()).stream()
                .filter(it -> it.organization().equals(made.organization().id()))
                .findFirst()
                .orElseThrow();
        return new SignedUp(made, keys.sessions().open(membership.caller()));
    }

    Postbox postbox() {
        if (postbox == null) {
            throw new Refused(new Refusal.NotImplemented("This server sends no e-mail; set SMTP_URL"));
        }
        return postbox;
    }

    private List<Membership> memberships(String email) {
        Args args = Args.of("email", email).and("limit", MAX_MEMBERSHIPS);
        return db.readAsEngine(MEMBERSHIPS, args, EmailLogin::membership);
    }

    private static Membership membership(Row row) throws SQLException {
        Role role = Role.of(row.text("role"));
        UUID organization = row.uuid("public_id");
        var caller = new Caller(
                row.integer("org"),
                organization,
                row.bool("strict_leases"),
                Actor.person(row.uuid("id")),
                Set.of(),
                role.scope(),
                null);
        return new Membership(organization, role, caller);
    }
}
