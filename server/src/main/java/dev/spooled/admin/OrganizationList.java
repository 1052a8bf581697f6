package dev.spooled.admin;

import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.orgs.Organization;
import dev.spooled.orgs.Organizations;
import dev.spooled.orgs.Usage;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// All organizations for the operator, a page with its usage in two statements however long it is.
public final class OrganizationList {
    private static final Statements SQL = Statements.beside(OrganizationList.class, "admin.sql");
    private static final Sql LIST = SQL.get("list");
    private static final Sql TOTAL = SQL.get("total");

    private final Db db;
    private final Usage usage;

    public OrganizationList(Db db, Usage usage) {
        this.db = db;
        this.usage = usage;
    }

    /// Null matches all. `sort` is name, slug, plan_tier, updated_at or created_at.
    record Search(
            @Nullable String planTier, @Nullable String text, String sort, boolean ascending, int limit, int offset) {}

    record Found(List<Organization> page, Map<Integer, Usage.Figures> usage, long total) {
        Usage.Figures usageOf(Organization organization) {
            return usage.getOrDefault(organization.number(), new Usage.Figures(Map.of(), 0));
        }
    }

    private record Row(Organization organization, long total) {}

    Found find(Search search) {
        Args args = Args.of("plan_tier", search.planTier())
                .and("search", search.text() == null ? null : "%" + escaped(search.text()) + "%")
                .and("sort", search.sort())
                .and("up", search.ascending())
                .and("limit", search.limit())
                .and("offset", search.offset());
        List<Row> rows =
                db.readAsEngine(LIST, args, row -> new Row(Organizations.organization(row), row.bigint("total")));
        long total = rows.isEmpty()
                ? db.readAsEngine(TOTAL, args, row -> row.bigint("total")).getFirst()
                : rows.getFirst().total();
        List<Organization> page = rows.stream().map(Row::organization).toList();
        return new Found(page, usage.of(page.stream().map(Organization::number).toList()), total);
    }

    /// What is searched for is meant as it is written.
    private static String escaped(String text) {
        return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_");
    }
}
