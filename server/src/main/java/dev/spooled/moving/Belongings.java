package dev.spooled.moving;

import java.util.List;
import java.util.Set;

/// What belongs to one organization, table by table in the order it is written and read, and how it is
/// chosen. `?` is the organization's number. Not among it: sessions, which are begun anew, and what a server
/// derives again (lists, ended jobs that others wait for).
public record Belongings(String table, String query) {
    private static final String OWN = "select t.* from %s t where t.org = ?";

    private static final Set<String> OF_DIRECTORY = Set.of("app_user", "member", "api_key", "provider_secret", "audit");

    /// Everybody who is a member, with the people who invited them.
    private static final String PEOPLE = """
            select u.* from app_user u where u.id in (
                select app_user from member where org = ?1 union select invited_by from member where org = ?1)
            """.replace("?1", "(select ?::int)");

    /// Counters with what is not yet folded into them.
    private static final String COUNTERS = """
            select cell, org, queue, kind, day, sum(n)::bigint as n from (
                select c.cell, c.org, c.queue, c.kind, c.day, c.n from count c where c.org = o.id
                union all
                select d.cell, o.id, t.queue, t.kind, t.day, t.n
                from count_delta d, unnest(d.queue, d.kind, d.day, d.n) as t (queue, kind, day, n)
                join queue q on q.org = o.id and q.id = t.queue
                where t.kind < 10) x
            group by cell, org, queue, kind, day
            """;

    static List<Belongings> all() {
        return List.of(
                new Belongings("app_user", PEOPLE),
                own("member"),
                own("api_key"),
                own("queue"),
                new Belongings(
                        "queue_rate", "select r.* from queue_rate r join queue q on q.id = r.queue where q.org = ?"),
                own("provider_secret"),
                own("subscription"),
                own("worker"),
                own("schedule"),
                own("schedule_run"),
                own("workflow"),
                own("workflow_step"),
                own("dependency"),
                own("job"),
                own("job_tag"),
                own("idem"),
                own("ready"),
                own("scheduled"),
                own("waiting"),
                own("lease"),
                own("done"),
                own("attempt"),
                own("progress"),
                new Belongings("count", "select c.* from organization o, lateral (" + COUNTERS + ") c where o.id = ?"),
                own("flow_minute"),
                own("flow_hour"),
                own("usage"),
                own("outbox"),
                own("delivery"),
                own("webhook_in"),
                own("audit"));
    }

    private static Belongings own(String table) {
        return new Belongings(table, OWN.formatted(table));
    }

    /// Those that lie in the organization's cell; the rest is in the directory, wherever it lives.
    public static List<Belongings> ofCell() {
        return all().stream().filter(part -> !part.isOfDirectory()).toList();
    }

    boolean isOfDirectory() {
        return OF_DIRECTORY.contains(table);
    }

    /// Every `?` of the query is the organization.
    public int places() {
        return (int) query.chars().filter(c -> c == '?').count();
    }
}
