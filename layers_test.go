// The tests of the repository as a whole: that imports point downwards (this
// file), and that the documents are true (the files named doc).
package firn

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The architecture, bottom up. A package may import packages of the layers
// below its own, and nothing else of ours but what sideways names.
var layers = []struct {
	name     string
	packages []string
}{
	{"language", []string{"glacier", "treehash"}},
	{"facts", []string{"internal/bundle", "internal/csv", "internal/disk", "internal/files", "internal/filter", "internal/label", "internal/pattern", "internal/policy", "internal/price", "internal/query", "internal/seal", "internal/sigv4", "internal/timestamp", "internal/token", "internal/tree", "internal/value"}},
	{"engines", []string{"internal/scan", "internal/sqlite"}},
	{"keepers", []string{"internal/audit", "internal/bucket", "internal/catalog", "internal/health", "internal/history", "internal/journal", "internal/payload", "internal/record"}},
	{"contract", []string{"internal/store"}},
	{"suites", []string{"internal/store/storetest"}},
	{"stores", []string{"internal/store/local"}},
	{"rules", []string{"internal/access", "internal/inventory", "internal/job", "internal/selection", "internal/vault"}},
	{"catalogues", []string{"internal/names"}},
	{"workers", []string{"internal/queue", "internal/topic"}},
	{"senders", []string{"internal/forward"}},
	{"plumbing", []string{"internal/awsapi"}},
	{"faces", []string{"internal/client", "internal/iam", "internal/rest", "internal/sns", "internal/sqs"}},
	{"far side", []string{"internal/remote"}},
	{"movers", []string{"internal/transfer"}},
	{"errands", []string{"internal/errand"}},
	{"wishes", []string{"internal/deposit", "internal/migrate", "internal/mirror", "internal/retrieve"}},
	{"frame", []string{"internal/console/frame"}},
	{"rooms", []string{"internal/console/archives", "internal/console/jobs", "internal/console/people", "internal/console/system", "internal/console/topics", "internal/console/vaults"}},
	{"console", []string{"internal/console"}},
	{"assembly", []string{"internal/server"}},
	{"frame of the client", []string{"internal/cli"}},
	{"rooms of the client", []string{"internal/cli/admin", "internal/cli/migration", "internal/cli/move"}},
	{"doors", []string{"cmd/firn", "firntest"}},
	{trials, []string{"crashtest", "foreign", "internal/bench"}},
}

// sideways are the imports within a layer, and why.
var sideways = map[[2]string]string{
	{"internal/catalog", "internal/record"}:  "the catalog is a fold of records",
	{"internal/journal", "internal/record"}:  "the journal keeps records",
	{"internal/payload", "internal/record"}:  "a payload is made part of a record",
	{"internal/job", "internal/vault"}:       "a job looks its vault and archive up as everybody else does",
	{"internal/job", "internal/inventory"}:   "an inventory job's output has a format of its own",
	{"internal/job", "internal/selection"}:   "a select job asks in a language and answers in a layout of their own",
	{"internal/filter", "internal/tree"}:     "a filter policy is JSON whose order matters to its refusals",
	{"internal/policy", "internal/tree"}:     "a policy is JSON in which what is said twice is refused",
	{"internal/query", "internal/timestamp"}: "functions of the language take timestamps apart",
	{"internal/query", "internal/value"}:     "an expression of the language comes to a value",
	{"internal/seal", "internal/label"}:      "a label is what is sealed of a name",
	{"internal/value", "internal/timestamp"}: "a timestamp is one of the types of values",
}

// doors are packages that only some of those above may import.
var doors = map[string][]string{
	"internal/disk":        {"internal/audit", "internal/bucket", "internal/health", "internal/history", "internal/journal", "internal/migrate", "internal/names", "internal/payload", "internal/sqlite", "internal/store/local", "internal/server", "internal/cli/admin", "cmd/firn"},
	"internal/bucket":      {"internal/selection", "internal/server"},
	"internal/scan":        {"internal/selection", "internal/bench"},
	"internal/journal":     {"internal/store/local"},
	"internal/payload":     {"internal/store", "internal/store/storetest", "internal/store/local", "internal/vault", "internal/job"},
	"internal/catalog":     {"internal/store", "internal/store/storetest", "internal/store/local", "internal/access", "internal/vault", "internal/job", "internal/queue", "internal/topic", "internal/server"},
	"internal/store/local": {"internal/server", "cmd/firn"},
	"internal/server":      {"cmd/firn", "firntest"},
}

// modules are other people's, and who may import them. Tests are free to
// import what they like.
var modules = map[string][]string{
	"filippo.io/age":                 {"internal/seal"},
	"github.com/aws/aws-sdk-go-v2":   {"internal/bucket", "internal/cli"},
	"github.com/cockroachdb/apd/v3":  {"internal/value"},
	"github.com/fxamacker/cbor/v2":   {"internal/record"},
	"github.com/klauspost/compress":  {"internal/scan"},
	"github.com/nats-io/nats.go":     {"internal/forward"},
	"github.com/rabbitmq/amqp091-go": {"internal/forward"},
	"github.com/spf13/cobra":         {"cmd/firn", "internal/cli", "internal/cli/admin", "internal/cli/migration", "internal/cli/move"},
	"github.com/spf13/pflag":         {"cmd/firn", "internal/cli", "internal/cli/admin", "internal/cli/migration", "internal/cli/move"},
	"github.com/twmb/franz-go":       {"internal/forward"},
	"go.yaml.in/yaml/v3":             {"cmd/firn"},
	"golang.org/x/crypto":            {"internal/seal"},
	"golang.org/x/sys":               {"internal/cli", "internal/disk", "internal/files"},
	"golang.org/x/term":              {"internal/cli"},
	"golang.org/x/time":              {"internal/access", "internal/transfer"},
	"modernc.org/sqlite":             {"internal/sqlite"},
}

// trials are programs and tests that run Firn from outside. The fences do not
// stand around them, and nothing can import them.
const trials = "trials"

// fences are the parts of the standard library that few may use: what touches
// files, prints, ends the process, or reads the command line.
var fences = []fence{
	{
		of: "os", why: "the store's files are internal/disk's, the user's are internal/files', the process is cmd/firn's",
		free: words("ErrNotExist ErrExist ErrDeadlineExceeded"),
		gates: map[string][]string{
			"internal/disk":    nil, // all of it
			"internal/files":   words("CreateTemp DirEntry File IsExist IsNotExist Lstat MkdirAll O_CREATE O_EXCL O_RDONLY O_RDWR O_WRONLY OpenFile OpenRoot Remove Root SameFile Stat"),
			"internal/catalog": words("Open Remove Stat"),        // SQLite opens its file by itself; its name is the catalog's to make durable and to remove
			"internal/cli":     words("Getenv Open UserHomeDir"), // opens what an argument names: a policy, certificates
			"cmd/firn":         words("Args Exit File Getenv MkdirAll MkdirTemp ModeCharDevice ReadFile RemoveAll Stderr Stdout WriteFile"),
		},
	},
	{
		of: "path/filepath", why: "paths lead to files",
		free: words("Dir Base"),
		gates: map[string][]string{
			"internal/disk":          nil,
			"internal/files":         words("Abs EvalSymlinks FromSlash IsLocal Join"),
			"internal/catalog":       words("Abs"),
			"internal/migrate":       words("Abs"),
			"internal/names":         words("Abs Join"), // SQLite opens its file by itself
			"internal/cli":           words("IsAbs Join"),
			"internal/cli/migration": words("Join"),
			"cmd/firn":               words("Join"),
		},
	},
	{
		of: "crypto/tls", why: "it reads a file",
		bad: words("LoadX509KeyPair"),
		gates: map[string][]string{
			"internal/server": words("LoadX509KeyPair"), // PEM files of the operator, read once at start; nothing of ours is in them
		},
	},
	{
		of: "fmt", why: "only cmd/firn prints",
		bad: words("Print Printf Println Scan Scanf Scanln"),
	},
	{
		of: "log/slog", why: "a log is handed in, never global",
		bad: words("Debug DebugContext Default Error ErrorContext Info InfoContext Log LogAttrs SetDefault SetLogLoggerLevel Warn WarnContext With"),
	},
	{of: "flag", why: "only cmd/firn reads the command line, with cobra"},
	{of: "io/ioutil", why: "it is os by another name"},
	{of: "log", why: "a log is handed in, never global"},
	{of: "os/exec", why: "Firn runs no other programs"},
	{of: "os/signal", why: "signals are the process's", gates: map[string][]string{"cmd/firn": words("NotifyContext")}},
	{of: "syscall", why: "system calls are internal/disk's", gates: map[string][]string{
		"internal/disk":  nil,
		"internal/files": words("Stat_t"), // by which a file is known again
		"cmd/firn":       words("SIGINT SIGTERM"),
	}},
}

// A fence stands around a package of the standard library.
type fence struct {
	of, why string
	free    []string            // names that anybody may use
	bad     []string            // if not empty, the only names that are fenced
	gates   map[string][]string // names that a package of ours may use besides; nil is all
}

func words(s string) []string { return strings.Fields(s) }

// A source is one Go file of ours.
type source struct {
	file, pkg string
	test      bool
	syntax    *ast.File
	at        *token.FileSet
}

// imports are the paths that the file imports.
func (s *source) imports() []string {
	paths := make([]string, len(s.syntax.Imports))
	for i, im := range s.syntax.Imports {
		paths[i], _ = strconv.Unquote(im.Path.Value) // the parser has read it
	}
	return paths
}

// sources parses all Go files of this module.
func sources(t *testing.T) []*source {
	t.Helper()
	var all []*source
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if file != "." && elsewhere(file) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") {
			return nil
		}
		set := token.NewFileSet()
		syntax, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			return err
		}
		file = filepath.ToSlash(file)
		all = append(all, &source{
			file: file, pkg: path.Dir(file), test: strings.HasSuffix(file, "_test.go"), syntax: syntax, at: set,
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 50 {
		t.Fatalf("found %d Go files; this is not the repository", len(all))
	}
	return all
}

// elsewhere reports whether a directory is not part of this module: hidden,
// test data, what a build leaves behind, or a module of its own.
func elsewhere(dir string) bool {
	switch name := filepath.Base(dir); {
	case strings.HasPrefix(name, "."), name == "testdata", name == "build", name == "node_modules":
		return true
	}
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

// ours returns the package of this module that an import path names.
func ours(importPath string) (pkg string, ok bool) { return strings.CutPrefix(importPath, "firn/") }

// foreign reports whether an import path is neither ours nor the standard
// library's, whose paths have no dot in the first element.
func foreign(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return strings.Contains(first, ".")
}

// A tally counts what the exceptions in a table were good for.
type tally map[string]bool

func (u tally) use(entry string) { u[entry] = true }

// stale fails the test for every entry that nothing needed.
func (u tally) stale(t *testing.T, table string, entries []string) {
	t.Helper()
	slices.Sort(entries)
	for _, e := range entries {
		if !u[e] {
			t.Errorf("the table %s allows %s, which nothing needs: take it out", table, e)
		}
	}
}

// TestEveryPackageHasAPlace: a package that the table does not know, or that
// the table knows and that is gone, is an error. Tests count.
func TestEveryPackageHasAPlace(t *testing.T) {
	there := map[string]bool{}
	for _, s := range sources(t) {
		there[s.pkg] = true
	}
	placed := map[string]bool{".": true} // this package, which is tests only
	for _, l := range layers {
		for _, p := range l.packages {
			if placed[p] {
				t.Errorf("%s has two places", p)
			}
			placed[p] = true
			if !there[p] {
				t.Errorf("layer %s: there is no package %s", l.name, p)
			}
		}
	}
	for _, p := range slices.Sorted(maps.Keys(there)) {
		if !placed[p] {
			t.Errorf("package %s has no place in the table layers: which layer is it?", p)
		}
	}
}

// TestImportsPointDownwards holds the layers and the doors.
func TestImportsPointDownwards(t *testing.T) {
	height := map[string]int{}
	for i, l := range layers {
		for _, p := range l.packages {
			height[p] = i + 1
		}
	}
	side, door := tally{}, tally{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for _, im := range s.imports() {
			to, ok := ours(im)
			if !ok {
				continue
			}
			switch from := height[s.pkg]; {
			case from == 0: // TestEveryPackageHasAPlace complains
			case height[to] == 0:
				t.Errorf("%s imports %s, which has no place", s.file, to)
			case height[to] > from:
				t.Errorf("%s imports %s: that is upwards, from %s to %s", s.file, to, layers[from-1].name, layers[height[to]-1].name)
			case height[to] == from:
				if sideways[[2]string{s.pkg, to}] == "" {
					t.Errorf("%s imports %s: that is sideways within %s, and the table sideways does not name it", s.file, to, layers[from-1].name)
				}
				side.use(s.pkg + " → " + to)
			}
			if allowed, guarded := doors[to]; guarded {
				if !slices.Contains(allowed, s.pkg) {
					t.Errorf("%s imports %s, which is only for %s", s.file, to, strings.Join(allowed, ", "))
				}
				door.use(s.pkg + " → " + to)
			}
		}
	}
	var entries []string
	for e := range sideways {
		entries = append(entries, e[0]+" → "+e[1])
	}
	side.stale(t, "sideways", entries)
	door.stale(t, "doors", pairs(doors))
}

// TestOtherPeoplesModules holds the table modules.
func TestOtherPeoplesModules(t *testing.T) {
	used := tally{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for _, im := range s.imports() {
			if !foreign(im) {
				continue
			}
			module := moduleOf(im, slices.Collect(maps.Keys(modules)))
			if !slices.Contains(modules[module], s.pkg) {
				t.Errorf("%s imports %s, and the table modules does not say that it may", s.file, im)
			}
			used.use(s.pkg + " → " + module)
		}
	}
	used.stale(t, "modules", pairs(modules))
}

// moduleOf returns the module in the list that a package belongs to.
func moduleOf(importPath string, list []string) string {
	for _, m := range list {
		if importPath == m || strings.HasPrefix(importPath, m+"/") {
			return m
		}
	}
	return ""
}

// pairs lists a table's entries: importer → imported.
func pairs(table map[string][]string) (list []string) {
	for to, froms := range table {
		for _, from := range froms {
			list = append(list, from+" → "+to)
		}
	}
	return list
}

// TestFences holds the table fences, and that no package has an init.
func TestFences(t *testing.T) {
	outside := layers[len(layers)-1]
	if outside.name != trials {
		t.Fatalf("the top layer is %s, not %s", outside.name, trials)
	}
	used := tally{}
	for _, s := range sources(t) {
		if s.test || slices.Contains(outside.packages, s.pkg) {
			continue
		}
		for _, d := range s.syntax.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has a func init", s.file)
			}
		}
		for _, u := range s.selections() {
			for i := range fences {
				if f := &fences[i]; f.of == u.of && !f.allows(s.pkg, u.name, used) {
					t.Errorf("%s uses %s.%s: %s", u.at, f.of, u.name, f.why)
				}
			}
		}
	}
	var entries []string
	for _, f := range fences {
		for pkg, names := range f.gates {
			for _, n := range names {
				entries = append(entries, fmt.Sprintf("%s.%s in %s", f.of, n, pkg))
			}
		}
	}
	used.stale(t, "fences", entries)
}

// allows reports whether a package of ours may use a name behind the fence.
func (f *fence) allows(pkg, name string, used tally) bool {
	if slices.Contains(f.free, name) || len(f.bad) > 0 && !slices.Contains(f.bad, name) {
		return true
	}
	names, gate := f.gates[pkg]
	used.use(fmt.Sprintf("%s.%s in %s", f.of, name, pkg))
	return gate && (names == nil || slices.Contains(names, name))
}

// A selection is a use of a name of another package.
type selection struct{ of, name, at string }

// selections finds every X.Name in which X is an imported package. A local
// variable of the same name would be taken for it; that errs on the safe
// side.
func (s *source) selections() (found []selection) {
	imported := map[string]string{} // by the name it has in this file
	for i, p := range s.imports() {
		name := path.Base(p)
		if given := s.syntax.Imports[i].Name; given != nil {
			name = given.Name
		}
		imported[name] = p
		if name == "." {
			found = append(found, selection{of: p, name: "(all of it)", at: s.file})
		}
	}
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && imported[x.Name] != "" {
			found = append(found, selection{of: imported[x.Name], name: sel.Sel.Name, at: s.at.Position(sel.Pos()).String()})
		}
		return true
	})
	return found
}
