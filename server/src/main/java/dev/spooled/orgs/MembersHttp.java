package dev.spooled.orgs;

import dev.spooled.access.Authenticate;
import dev.spooled.access.Caller;
import dev.spooled.json.Json;
import dev.spooled.json.JsonObject;
import dev.spooled.json.JsonWriter;
import dev.spooled.refusal.Refused;
import dev.spooled.web.Answer;
import dev.spooled.web.Body;
import dev.spooled.web.Door;
import dev.spooled.web.Routes;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.UUID;

/// The members of an organization over HTTP.
public final class MembersHttp implements Door {
    private static final String MEMBERS = "/api/v1/organizations/{id}/members";

    private final Members members;
    private final Authenticate authenticate;

    public MembersHttp(Members members, Authenticate authenticate) {
        this.members = members;
        this.authenticate = authenticate;
    }

    @Override
    public void open(Routes routes) {
        routes.get(MEMBERS, authenticate.then(this::list))
                .post(MEMBERS, authenticate.admin(this::invite))
                .delete(MEMBERS + "/{user_id}", authenticate.admin(this::remove));
    }

    private void list(ServerRequest request, ServerResponse response, Caller caller) {
        Organizations.checkOwn(caller, OrgsHttp.id(request));
        Answer.json(request, response, 200, Json.writeAll(members.list(caller), MembersHttp::write));
    }

    private void invite(ServerRequest request, ServerResponse response, Caller caller) {
        Organizations.checkOwn(caller, OrgsHttp.id(request));
        JsonObject body = Body.json(request, Body.SINGLE_BYTES);
        String email = EmailAddress.checked("email", body.text("email"));
        Member joined = members.invite(caller, email, role(body.text("role")));
        Answer.json(request, response, 201, Json.write(to -> write(to, joined)));
    }

    private void remove(ServerRequest request, ServerResponse response, Caller caller) {
        Organizations.checkOwn(caller, OrgsHttp.id(request));
        members.remove(caller, memberId(request));
        Answer.nothing(response);
    }

    private static Role role(String word) {
        return switch (word) {
            case "admin" -> Role.ADMIN;
            case "member" -> Role.MEMBER;
            default -> throw Refused.invalid("role", "role must be admin or member");
        };
    }

    private static UUID memberId(ServerRequest request) {
        String text = request.path().pathParameters().get("user_id");
        try {
            return UUID.fromString(text);
        } catch (IllegalArgumentException e) {
            throw Refused.notFound("Member not found: " + text);
        }
    }

    private static void write(JsonWriter to, Member member) {
        to.id("id", member.id())
                .id("user_id", member.id())
                .text("email", member.email())
                .text("name", member.name())
                .text("role", member.role().word())
                .time("joined_at", member.joinedAt())
                .id("invited_by", member.invitedBy());
    }
}
