package dev.spooled.login;

import dev.spooled.access.Attempts;
import dev.spooled.access.SessionsHttp;
import dev.spooled.json.Json;
import dev.spooled.json.JsonObject;
import dev.spooled.json.JsonWriter;
import dev.spooled.orgs.EmailAddress;
import dev.spooled.orgs.Organization;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import dev.spooled.web.Answer;
import dev.spooled.web.Body;
import dev.spooled.web.Door;
import dev.spooled.web.Peer;
import dev.spooled.web.Routes;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;

/// Signing in by e-mail over HTTP. Whether an address is known is answered the same for all: nothing is told.
///
/// An e-mail address has so many codes and guesses (`LoginCodes`), whoever asks. One network gets fewer of them than
/// there are, so that nobody alone can use up those of somebody else and so lock them out.
public final class EmailLoginHttp implements Door {
    private static final int STARTS_AN_HOUR = 30;
    private static final int GUESSES_A_MINUTE = 30;
    private static final int STARTS_OF_ONE = 3;
    private static final int GUESSES_OF_ONE = 3;

    private final EmailLogin login;
    private final Attempts starts;
    private final Attempts guesses;
    private final Attempts startsOfOne;
    private final Attempts guessesOfOne;

    public EmailLoginHttp(EmailLogin login, Clock clock) {
        this.login = login;
        this.starts = new Attempts(clock, STARTS_AN_HOUR, Duration.ofHours(1));
        this.guesses = new Attempts(clock, GUESSES_A_MINUTE, Duration.ofMinutes(1));
        this.startsOfOne = new Attempts(clock, STARTS_OF_ONE, LoginCodes.WINDOW);
        this.guessesOfOne = new Attempts(clock, GUESSES_OF_ONE, LoginCodes.LIFE);
    }

    @Override
    public void open(Routes routes) {
        routes.post("/api/v1/auth/email/start", this::start)
                .post("/api/v1/auth/email/verify", this::verify)
                .post("/api/v1/auth/signup/complete", this::complete)
                .get("/api/v1/auth/check-email", this::checkByQuery)
                .get("/api/v1/auth/email/check", this::checkByQuery)
                .post("/api/v1/auth/email/check", this::checkByBody);
    }

    private void start(ServerRequest request, ServerResponse response) {
        String email = Body.json(request, Body.SINGLE_BYTES).text("email");
        login.postbox();
        String origin = Peer.networkOf(request);
        starts.count(origin, "Too many codes were asked for from this address, try again later");
        startsOfOne.count(pair(origin, email), "Too many codes were sent to this address, try again later");
        login.start(email);
        String masked = EmailAddress.masked(EmailAddress.checked("email", email));
        long seconds = LoginCodes.LIFE.toSeconds();
        Answer.json(
                request,
                response,
                200,
                Json.write(to -> to.flag("sent", true)
                        .flag("success", true)
                        .text("message", "If the address can sign in, a code is on its way")
                        .text("email_sent_to", masked)
                        .text("email_to", masked)
                        .number("expires_in", seconds)
                        .number("code_expires_in", seconds)));
    }

    private void verify(ServerRequest request, ServerResponse response) {
        JsonObject body = Body.json(request, Body.SINGLE_BYTES);
        String email = body.text("email");
        String code = body.text("code");
        EmailLogin.Verified verified = verified(request, email, code);
        Answer.json(request, response, 200, Json.write(to -> {
            switch (verified) {
                case EmailLogin.Verified.Member member -> writeMember(to, member);
                case EmailLogin.Verified.Newcomer newcomer ->
                    to.text("type", "signup")
                            .text("signup_token", newcomer.signupToken())
                            .text("email", newcomer.email())
                            .number("expires_in", SignupTokens.LIFE.toSeconds());
            }
        }));
    }

    /// Only wrong codes count against the address they come from. What it may try for one e-mail address is counted
    /// before a try, so that many at once are no more.
    private EmailLogin.Verified verified(ServerRequest request, String email, String code) {
        String origin = Peer.networkOf(request);
        login.postbox();
        guessesOfOne.count(pair(origin, email), "Too many codes were tried for this address, try again later");
        try {
            return login.verify(email, code);
        } catch (Refused refused) {
            if (refused.refusal() instanceof Refusal.Unauthenticated) {
                guesses.count(origin, "Too many wrong codes from this address, try again later");
            }
            throw refused;
        }
    }

    private static void writeMember(JsonWriter to, EmailLogin.Verified.Member member) {
        to.text("type", "login");
        SessionsHttp.write(to, member.tokens());
        to.id("user_id", member.memberships().getFirst().caller().actor().id())
                .text("email", member.email())
                .array(
                        "organizations",
                        member.memberships(),
                        (one, it) -> one.id("id", it.organization())
                                .text("role", it.role().word()));
    }

    private void complete(ServerRequest request, ServerResponse response) {
        JsonObject body = Body.json(request, Body.SINGLE_BYTES);
        EmailLogin.SignedUp done = login.complete(body.text("signup_token"), body.text("name"), body.text("slug"));
        Organization organization = done.made().organization();
        Answer.json(request, response, 201, Json.write(to -> {
            SessionsHttp.write(to, done.tokens());
            to.object(
                    "organization",
                    inner -> inner.id("id", organization.id())
                            .text("name", organization.name())
                            .text("slug", organization.slug())
                            .text("billing_email", organization.billingEmail()));
            to.text("api_key", done.made().key().key());
        }));
    }

    private void checkByQuery(ServerRequest request, ServerResponse response) {
        check(request, response, request.query().first("email").orElse(""));
    }

    private void checkByBody(ServerRequest request, ServerResponse response) {
        check(request, response, Body.json(request, Body.SINGLE_BYTES).text("email"));
    }

    private static void check(ServerRequest request, ServerResponse response, String email) {
        EmailAddress.checked("email", email);
        Answer.json(
                request,
                response,
                200,
                Json.write(
                        to -> to.flag("exists", false).flag("available", true).flag("has_organizations", false)));
    }

    /// Somebody's word for an e-mail address; one that is none is refused.
    private static String pair(String origin, String email) {
        return origin + " " + EmailAddress.checked("email", email);
    }
}
