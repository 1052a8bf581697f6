package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.support.TestDb;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every statement that a batch of the lane is made of, as `SPOOLED_LANE=keyed` sends it, keeps the rules that let
/// its cell lie anywhere, on a Citus as well (docs/cells.md): one scalar `:cell` for each table it names, no row
/// address but in
/// `claim`, which has a twin without, and data handed on by RETURNING only. Read from the statements' text;
/// no Citus runs here.
class CitusRulesTest {
    /// What follows a table's name and is no other name for it.
    private static final String NO_ALIAS = "set|where|using|join|on|order|left|cross|inner|full|lateral|limit|for|group"
            + "|union|returning|select|values|default|from|as|do|having|then|else|end|when|and|or|is|in|desc|asc";

    private static Set<String> tables = Set.of();
    private static Pattern uses = Pattern.compile("");

    static Stream<Sql> hot() {
        return Stream.of("engine.sql", "workflows.sql", "quotas.sql", "schedules.sql", "asserted.sql")
                .flatMap(file -> Statements.beside(EngineSql.class, file).all().stream());
    }

    @BeforeAll
    static void readSchema() throws SQLException {
        try (var database = TestDb.create();
                Connection owner = database.connect();
                Statement statement = owner.createStatement();
                ResultSet row = statement.executeQuery("select c.relname from pg_class c"
                        + " join pg_attribute a on a.attrelid = c.oid and a.attname = 'cell' and not a.attisdropped"
                        + " where c.relnamespace = 'spooled'::regnamespace and c.relkind in ('r', 'p')"
                        + " and not c.relispartition and c.relname <> 'organization'")) {
            var found = new HashSet<String>();
            while (row.next()) {
                found.add(row.getString(1));
            }
            tables = found;
        }
        String names = String.join("|", tables);
        uses = Pattern.compile(
                "(?:\\b(?:from|join|update|using|into)\\s+(?<table>" + names + ")\\b(?:\\s+(?:as\\s+)?(?!(?:"
                        + NO_ALIAS + ")\\b)(?<alias>[a-z_]+))?)|(?:,\\s*(?<second>" + names + ")\\s+(?!(?:" + NO_ALIAS
                        + ")\\b)(?<other>[a-z_]+)\\b)");
    }

    @ParameterizedTest
    @MethodSource("hot")
    void namesOneScalarCellForEachTable(Sql sql) {
        String text = named(sql);
        assertThat(Pattern.compile("\\bcell\\s*+(?:=|<>|<|>|in\\b)\\s*+(?!:cell\\b)")
                        .matcher(text)
                        .find())
                .as("a cell that is not :cell in " + sql.name())
                .isFalse();
        if (!sql.name().equals("fail_assertion")) {
            selectsOf(text).forEach(select -> check(sql.name(), select));
        }
    }

    private static void check(String name, String select) {
        List<MatchResult> found = uses.matcher(select).results().toList();
        if (select.contains("ctid = any")) {
            return; // The one fragment with row addresses, which has a twin: see below.
        }
        for (MatchResult use : found) {
            String table = use.group("table") == null ? use.group("second") : use.group("table");
            String alias = use.group("table") == null ? use.group("other") : use.group("alias");
            String called = alias == null ? table : alias;
            String what = name + ": " + called + " in\n" + select;
            if (select.substring(0, use.start("table") < 0 ? 0 : use.start("table"))
                    .matches("(?s).*\\binto\\s+")) {
                assertThat(select).as(what).matches("(?s).*(?:values \\(:cell|select .*:cell).*");
                continue;
            }
            boolean alone = alias == null && found.size() == 1;
            assertThat(Pattern.compile("\\b" + called + "\\.cell = :cell\\b")
                                    .matcher(select)
                                    .find()
                            || alone
                                    && Pattern.compile("(?<![.\\w])cell = :cell\\b")
                                            .matcher(select)
                                            .find()
                            || table.equals("cell") && select.contains("cell = :cell"))
                    .as(what)
                    .isTrue();
        }
    }

    /// Where a row goes is said by the column `cell` of an insert: it is always `:cell`.
    @ParameterizedTest
    @MethodSource("hot")
    void insertsIntoTheCellOnly(Sql sql) {
        Pattern insert =
                Pattern.compile("insert into (\\w+) \\(([^)]*)\\)\\s+(select|values \\()\\s*([^()]*)", Pattern.DOTALL);
        insert.matcher(named(sql))
                .results()
                .filter(it -> tables.contains(it.group(1)))
                .forEach(it -> {
                    int place = List.of(it.group(2).split("\\s*,\\s*")).indexOf("cell");
                    String[] given = it.group(4).strip().split("\\s*,\\s*");
                    assertThat(place).as(it.group()).isNotNegative();
                    assertThat(given[place].replace("::int", "").strip())
                            .as(it.group())
                            .isEqualTo(":cell");
                });
    }

    /// The one fragment with row addresses, its twin, and the way that is made of them: not for Citus.
    @Test
    void rowAddressesAreInOneFragmentThatHasATwin() {
        Set<String> exact = hot().filter(sql -> !isAsserted(sql) && sql.text().contains("ctid"))
                .map(Sql::name)
                .collect(Collectors.toSet());
        assertThat(exact).containsExactly("claim");
        assertThat(EngineSql.CLAIM_BY_KEY.text()).doesNotContain("ctid", "tid[]");
        assertThat(bounded(EngineSql.CLAIM_BY_KEY)).isEqualTo(Set.copyOf(EngineSql.CLAIM.parameters()));
        assertThat(hot().filter(sql -> isAsserted(sql) && (sql.text().contains("ctid")))
                        .map(Sql::name))
                .as("the asserted way finds rows by address: a cell on Citus takes another way")
                .contains("complete_known", "take_ready", "insert_ready", "insert_leases", "peek");
    }

    /// The twin's parameters and the bound of those days whose time-outs the claim joins: the function that
    /// it asks for older ones is not for Citus either.
    private static Set<String> bounded(Sql twin) {
        var parameters = new HashSet<>(twin.parameters());
        parameters.add("since");
        return parameters;
    }

    private static boolean isAsserted(Sql sql) {
        return Statements.beside(EngineSql.class, "asserted.sql").all().contains(sql);
    }

    /// A branch that changes rows and is named by another tells what it changed by RETURNING; and no branch
    /// reads a table that an earlier one changed, as if it could see that: but for the few that are meant
    /// to see what was before.
    @Test
    void branchesHandOnDataByReturningOnly() {
        var readAgain = new TreeMap<String, Set<String>>();
        hot().forEach(sql -> {
            String text = named(sql);
            var changed = new HashSet<String>();
            for (Branch branch : branchesOf(text)) {
                boolean changes = branch.body().matches("(?s)\\s*(?:insert|update|delete)\\b.*");
                boolean used = Pattern.compile("\\b(?:from|join|using) (?:\\w+(?: \\w+)?, )?" + branch.name() + "\\b")
                        .matcher(text.substring(branch.end()))
                        .find();
                assertThat(!changes || !used || branch.body().contains("returning"))
                        .as(sql.name() + ": " + branch.name() + " is read without RETURNING")
                        .isTrue();
                readIn(branch.body(), changes).stream()
                        .filter(changed::contains)
                        .forEach(table -> readAgain
                                .computeIfAbsent(sql.name(), it -> new TreeSet<>())
                                .add(table));
                if (changes) {
                    changed.addAll(changedIn(branch.body()));
                }
            }
        });
        assertThat(readAgain)
                .as("link_jobs adds its new rows itself; rerun_workflows asks which parents had completed before;"
                        + " fire_schedules reads names, which it does not change")
                .isEqualTo(Map.of(
                        "link_jobs", Set.of("dependency"),
                        "rerun_workflows", Set.of("done"),
                        "fire_schedules", Set.of("schedule")));
    }

    private static Set<String> readIn(String body, boolean changes) {
        Set<String> found = selectsOf(body).stream()
                .flatMap(select -> uses.matcher(select).results())
                .filter(use -> use.group("table") == null || use.group().matches("(?s)(?:from|join|using)\\b.*"))
                .map(use -> use.group("table") == null ? use.group("second") : use.group("table"))
                .collect(Collectors.toCollection(HashSet::new));
        if (changes) {
            found.removeAll(changedIn(body));
        }
        return found;
    }

    private static Set<String> changedIn(String body) {
        return Pattern.compile("\\b(?:insert into|update|delete from)\\s+(\\w+)")
                .matcher(body)
                .results()
                .map(it -> it.group(1))
                .filter(tables::contains)
                .collect(Collectors.toSet());
    }

    /// The script names every table that has a cell, so none is left on one machine by oversight.
    @Test
    void theScriptDistributesEveryTableOfACell() throws IOException {
        String script = Files.readString(Path.of("../deploy/citus.sql"));
        Set<String> named = Pattern.compile("'(\\w+)'")
                .matcher(script)
                .results()
                .map(it -> it.group(1))
                .collect(Collectors.toSet());
        assertThat(named).containsAll(tables);
    }

    // ---- a little of SQL's grammar: what is in brackets, and what a `with` names

    private record Branch(String name, String body, int end) {}

    private static List<Branch> branchesOf(String text) {
        return Pattern.compile("(?:\\bwith (?:recursive )?|\\), )(\\w+)(?: \\(\\w+\\))? as (?:materialized )?\\(")
                .matcher(text)
                .results()
                .map(head -> {
                    int end = closing(text, head.end() - 1);
                    return new Branch(head.group(1), text.substring(head.end(), end), end);
                })
                .toList();
    }

    private static int closing(String text, int open) {
        int depth = 0;
        for (int i = open; i < text.length(); i++) {
            depth += text.charAt(i) == '(' ? 1 : text.charAt(i) == ')' ? -1 : 0;
            if (depth == 0) {
                return i;
            }
        }
        throw new IllegalArgumentException("a bracket is open in " + text);
    }

    /// Each select, update, insert or delete by itself: those in brackets apart from the one around them.
    private static List<String> selectsOf(String text) {
        var found = new java.util.ArrayList<String>();
        var own = new StringBuilder();
        int at = 0;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '(' && text.startsWith("(:cell", at)) {
                own.append(c);
            } else if (c == '(') {
                int end = closing(text, at);
                found.addAll(selectsOf(text.substring(at + 1, end)));
                own.append("( )");
                at = end;
            } else {
                own.append(c);
            }
            at++;
        }
        found.addAll(List.of(own.toString().split("\\bunion(?: all)?\\b")));
        return found;
    }

    /// The statement with its parameters by name, and without what is quoted.
    private static String named(Sql sql) {
        String[] parts = sql.text().replaceAll("'[^']*'", "''").split("\\?", -1);
        var text = new StringBuilder(parts[0]);
        for (int i = 1; i < parts.length; i++) {
            text.append(':').append(sql.parameters().get(i - 1)).append(parts[i]);
        }
        return RoundTrip.named(text.toString(), ":cell").replaceAll("\\s+", " ");
    }
}
