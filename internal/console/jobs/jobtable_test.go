package jobs

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
)

// texts are the cells of a table.
func (t *table) texts() (all [][]string) {
	for _, row := range t.Rows {
		var texts []string
		for _, c := range row {
			texts = append(texts, c.Text)
		}
		all = append(all, texts)
	}
	return all
}

func TestBeginningsOfInventories(t *testing.T) {
	const made, hash = "2026-11-25T09:30:00Z", "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd"
	row := func(id, description string) []string {
		return []string{id, description, "2026-11-25 09:30:00 UTC", "5 bytes", "aaaaaaaaaa…dddddd"}
	}
	object := func(id, description string) string {
		return fmt.Sprintf(`{"ArchiveId":%q,"ArchiveDescription":%q,"CreationDate":%q,"Size":5,"SHA256TreeHash":%q}`, id, description, made, hash)
	}
	line := func(id, description string) string {
		return id + `,"` + description + `",` + made + ",5," + hash + "\n"
	}
	const head = `{"VaultARN":"arn","InventoryDate":"` + made + `","ArchiveList":[`
	const columns = "ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash\n"
	for _, tt := range []struct {
		name, data string
		csv, whole bool
		want       [][]string
		all        bool
	}{
		{"JSON", head + object("a", `x "y", z`) + "," + object("b", "") + "]}", false, true, [][]string{row("a", `x "y", z`), row("b", "")}, true},
		{"JSON without archives", head + "]}", false, true, nil, true},
		{"JSON, cut", head + object("a", "x") + "," + object("b", "y")[:30], false, false, [][]string{row("a", "x")}, false},
		{"JSON, cut behind an archive", head + object("a", "x") + ",", false, false, [][]string{row("a", "x")}, false},
		{"no JSON", "nonsense", false, true, nil, false},
		{"CSV", columns + line("a", `x, \"y\"`) + line("b", ""), true, true, [][]string{row("a", `x, "y"`), row("b", "")}, true},
		{"CSV without archives", columns, true, true, nil, true},
		{"CSV, cut", columns + line("a", "x") + line("b", "y")[:20], true, false, [][]string{row("a", "x")}, false},
		{"no CSV", "nonsense\nmore\n", true, true, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := inventoryJSON([]byte(tt.data))
			if tt.csv {
				got = inventoryCSV([]byte(tt.data), tt.whole)
			}
			if d := cmp.Diff(tt.want, got.texts()); d != "" || got.Whole != tt.all {
				t.Errorf("whole %t\n%s", got.Whole, d)
			}
		})
	}
	many := inventoryCSV([]byte(columns+strings.Repeat(line("a", "x"), inventoryRows+1)), true)
	if len(many.Rows) != inventoryRows || many.Whole {
		t.Errorf("%d rows, whole %t", len(many.Rows), many.Whole)
	}
}

func TestBeginningsOfResults(t *testing.T) {
	tabs := &glacier.OutputSerialization{CSV: &glacier.CSVOutput{FieldDelimiter: new("\t"), QuoteCharacter: new("'"), RecordDelimiter: new("\r\n")}}
	for _, tt := range []struct {
		name, data string
		whole      bool
		how        *glacier.OutputSerialization
		want       [][]string
		all        bool
	}{
		{"records", "a,\"b, \"\"c\"\"\"\n\"x\ny\",\n", true, nil, [][]string{{"a", `b, "c"`}, {"x\ny", ""}}, true},
		{"none", "", true, nil, nil, true},
		{"cut", "a,b\nc,", false, nil, [][]string{{"a", "b"}}, false},
		{"cut in quotes", "a,b\n\"c,", false, nil, [][]string{{"a", "b"}}, false},
		{"as it was asked for", "a\t'b\tc'\r\nd,e\t\r\n", true, tabs, [][]string{{"a", "b\tc"}, {"d,e", ""}}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := resultTable([]byte(tt.data), tt.whole, tt.how)
			if d := cmp.Diff(tt.want, got.texts()); d != "" || got.Whole != tt.all {
				t.Errorf("whole %t\n%s", got.Whole, d)
			}
		})
	}
}

// A page has a limit, whatever a result is like.
func TestTablesAreBounded(t *testing.T) {
	for _, tt := range []struct {
		name, record string
		rows         int
		cut          string
	}{
		{"many rows", "a,b\n", resultRows, ""},
		{"wide rows", strings.Repeat("a,", 200) + "a\n", 0, "Only the first 50 columns are shown."},
		{"long values", strings.Repeat("ü", 300) + "\n", 0, "Long values are cut."},
		{"what takes more in a page", strings.Repeat("<", 150) + "\n", 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := resultTable([]byte(strings.Repeat(tt.record, 300)), true, nil)
			if len(got.Columns) > resultColumns || got.size > maxTable || got.Whole || got.Cut != tt.cut {
				t.Errorf("%d columns, %d bytes, whole %t, %s", len(got.Columns), got.size, got.Whole, got.Cut)
			}
			if tt.rows > 0 && len(got.Rows) != tt.rows {
				t.Errorf("%d rows, want %d", len(got.Rows), tt.rows)
			}
		})
	}
}

func TestFileNames(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"a name", "holiday.jpg", "holiday.jpg"},
		{"nothing", "", "archive-1"},
		{"a path", "/home/ann/photos/sea.jpg", "sea.jpg"},
		{"a path of Windows", `C:\photos\sea.jpg`, "sea.jpg"},
		{"a directory", "photos/2019/", "2019"},
		{"upwards", "../..", "archive-1"},
		{"hidden", ".bashrc", "bashrc"},
		{"dots at the end", "name. . ", "name"},
		{"what no file may be called", `a<b>c:d"e|f?g*h`, "a_b_c_d_e_f_g_h"},
		{"only that", `???`, "archive-1"},
		{"line feeds", "a\r\nb", "a__b"},
		{"long", strings.Repeat("x", 300) + ".tar.gz", strings.Repeat("x", maxFileName-3) + ".gz"},
		{"long, in characters of two bytes", strings.Repeat("ü", 300), strings.Repeat("ü", maxFileName/2)},
		{"long, with an ending that is none", strings.Repeat("x", 100) + "." + strings.Repeat("y", 300), strings.Repeat("x", 100) + "." + strings.Repeat("y", 99)},
	} {
		if got := fileName(tt.text, "archive-1"); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	for _, tt := range []struct{ name, want string }{
		{"a b.txt", `attachment; filename="a b.txt"`},
		{"100%.txt", `attachment; filename="100_.txt"; filename*=UTF-8''100%25.txt`},
		{"Straße 'ü'+1.txt", `attachment; filename="Stra_e '_'+1.txt"; filename*=UTF-8''Stra%C3%9Fe%20%27%C3%BC%27%2B1.txt`},
	} {
		if got := disposition(tt.name); got != tt.want {
			t.Errorf("disposition of %s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestPlacesInQueries(t *testing.T) {
	const query = "SELECT ü,\n  x\nFROM y"
	for _, tt := range []struct {
		name, message string
		want          marked
	}{
		{"no place", "Invalid tier: x", marked{}},
		{"in the first line", "Bad: x at line 1, column 8.", marked{Line: 1, Column: 8, Before: "SELECT ", At: "ü", After: ",\n  x\nFROM y"}},
		{"in the middle, in a record", "Bad: x at line 2, column 3 in record 7.", marked{Line: 2, Column: 3, Before: "SELECT ü,\n  ", At: "x", After: "\nFROM y"}},
		{"at the end", "Bad: x at line 3, column 7.", marked{Line: 3, Column: 7, Before: "SELECT ü,\n  x\nFROM y", At: " "}},
		{"behind a line's end", "Bad: x at line 3, column 8.", marked{}},
		{"behind the last line", "Bad: x at line 4, column 1.", marked{}},
		{"beyond all counting", "Bad: x at line 99999999999999999999, column 1.", marked{}},
		{"as part of something else", "Bad: ' at line 1, column 1.' is no number", marked{}},
	} {
		tt.want.Expression = query
		if d := cmp.Diff(&tt.want, mark(query, tt.message)); d != "" {
			t.Errorf("%s:\n%s", tt.name, d)
		}
	}
}

func TestWhatIsShownOfALongQuery(t *testing.T) {
	long := strings.Repeat("ü", 2*maxMarked)
	m := mark(long+"\n<"+long, "Bad: x at line 2, column 1.")
	want := marked{
		Line: 2, Column: 1, Before: "…" + strings.Repeat("ü", maxMarked-1) + "\n", At: "<", After: strings.Repeat("ü", maxMarked) + "…",
		Expression: long + "…",
	}
	if d := cmp.Diff(&want, m); d != "" {
		t.Error(d)
	}
}

func TestCharactersOfFields(t *testing.T) {
	for _, s := range []string{"\t", "\r\n", `\`, `\t`, ",", "\x01", ""} {
		if got := actual(visible(s)); got != s {
			t.Errorf("%q is shown as %q and read as %q", s, visible(s), got)
		}
	}
	if got := actual(`\`); got != `\` {
		t.Errorf("a backslash alone is read as %q", got)
	}
}

func TestPace(t *testing.T) {
	now := time.Unix(1e9, 0)
	waits := func(d time.Duration) jobView {
		v := jobView{now: now}
		v.More.Due = now.Add(d)
		return v
	}
	ended := jobView{now: now}
	ended.Completed = true
	for _, tt := range []struct {
		name string
		jobs []jobView
		want int
	}{
		{"none", nil, 0}, {"ended", []jobView{ended}, 0}, {"being done", []jobView{ended, waits(-time.Hour)}, 2},
		{"soon", []jobView{waits(40 * time.Second)}, 10}, {"late", []jobView{waits(4 * time.Hour)}, 60},
		{"late and soon", []jobView{waits(4 * time.Hour), waits(time.Second)}, 2},
	} {
		if got := pace(tt.jobs); got != tt.want {
			t.Errorf("%s: %d s, want %d", tt.name, got, tt.want)
		}
	}
}

func TestLasting(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "no time", time.Second: "1 second", 3 * time.Minute: "3 minutes", 4 * time.Hour: "4 hours",
		25*time.Hour + time.Minute: "1 day and 1 hour", 90 * time.Second: "1 minute and 30 seconds",
	} {
		if got := lasting(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestAdvice(t *testing.T) {
	for message, want := range map[string]string{
		"The archive's data is damaged and cannot be retrieved.":         "firn check",
		"The job could not be completed because of an internal failure.": "start the job again",
		"CastFailed: 'x' is no INT at line 1, column 8 in record 4.":     "Leave such records out",
		"OverMaxQueryTime: the query has not ended within 48h0m0s.":      "select-time",
		"BucketRefused: the bucket takes no results: 403 AccessDenied.":  "the bucket",
		"EvaluatorInvalidArguments: something else at line 1, column 1.": "ask again",
		"something": "log",
	} {
		if a := advise(message); a.Why == "" || !strings.Contains(a.Do, want) {
			t.Errorf("%s: %+v lacks %q", message, a, want)
		}
	}
}
