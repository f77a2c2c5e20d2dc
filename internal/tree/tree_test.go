package tree_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/internal/tree"
)

func text(s string) *tree.Node { return &tree.Node{Kind: tree.Text, Value: s} }

func array(items ...*tree.Node) *tree.Node { return &tree.Node{Kind: tree.Array, Items: items} }

func object(members ...tree.Member) *tree.Node {
	return &tree.Node{Kind: tree.Object, Members: members}
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		depth      int
		want       *tree.Node
	}{
		{"null", `null`, 0, &tree.Node{}},
		{"true", ` true `, 0, &tree.Node{Kind: tree.Boolean, Value: "true"}},
		{"false", `false`, 0, &tree.Node{Kind: tree.Boolean, Value: "false"}},
		{"number, as it is written", `-1.50E+02`, 0, &tree.Node{Kind: tree.Number, Value: "-1.50E+02"}},
		{"number that no float holds", `1e999`, 0, &tree.Node{Kind: tree.Number, Value: "1e999"}},
		{"text, as it reads", `"a\u0062\n"`, 0, text("ab\n")},
		{"text that looks like a number", `"1"`, 0, text("1")},
		{"empty array", `[]`, 1, array()},
		{"array", `["a", [], "a"]`, 2, array(text("a"), array(), text("a"))},
		{"empty object", `{}`, 1, object()},
		{"members in the order of the text", `{"b": "1", "a": {"c": "2"}, "": "3"}`, 2, object(
			tree.Member{Name: "b", Node: text("1")},
			tree.Member{Name: "a", Node: object(tree.Member{Name: "c", Node: text("2")})},
			tree.Member{Name: "", Node: text("3")},
		)},
		{"the same name in two objects", `[{"a": "1"}, {"a": {"a": "2"}}]`, 3, array(
			object(tree.Member{Name: "a", Node: text("1")}),
			object(tree.Member{Name: "a", Node: object(tree.Member{Name: "a", Node: text("2")})}),
		)},
		{"names that differ in case", `{"a": "1", "A": "2"}`, 1, object(tree.Member{Name: "a", Node: text("1")}, tree.Member{Name: "A", Node: text("2")})},
		{"depth is not length", `[[], [], []]`, 2, array(array(), array(), array())},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tree.Parse(tt.text, tt.depth)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	const deepest = 10000 // of the standard library
	nest := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, tt := range []struct {
		name, text string
		depth      int
		want       error // a *json.SyntaxError stands for its offset
	}{
		{"nothing", ``, 1, &json.SyntaxError{Offset: 0}},
		{"comma at the end", `{"a": 1,}`, 1, &json.SyntaxError{Offset: 9}},
		{"no end", `{"a": [1`, 2, &json.SyntaxError{Offset: 8}},
		{"something after it", `[] []`, 1, &json.SyntaxError{Offset: 4}},
		{"no UTF-8", "[\"\xff\"]", 1, tree.ErrUTF8},
		{"no UTF-8 before no JSON", "[\"\xff\"", 1, tree.ErrUTF8},
		{"array where none may be", `[]`, 0, tree.ErrDepth},
		{"array too deep", `{"a": [[]]}`, 2, tree.ErrDepth},
		{"object too deep", `[1, [2, {}]]`, 2, tree.ErrDepth},
		{"deeper than the standard library reads", nest(deepest + 1), 2 * deepest, &json.SyntaxError{Offset: deepest + 1}},
		{"name twice", `{"a": 1, "b": 2, "a": 1}`, 1, &tree.DuplicateError{Name: "a"}},
		{"name twice, written differently", `{"a": 1, "\u0061": 2}`, 1, &tree.DuplicateError{Name: "a"}},
		{"name twice, far down", `[{"a": [{"b": 1, "b": 2}]}]`, 4, &tree.DuplicateError{Name: "b"}},
		{"the first of two names twice", `{"a": {"c": 1, "c": 2}, "a": 1}`, 2, &tree.DuplicateError{Name: "c"}},
		{"no JSON after a name twice", `{"a": 1, "a": 2`, 1, &json.SyntaxError{Offset: 15}},
		{"too deep after a name twice", `[{"a": 1, "a": 2}, [[]]]`, 2, &tree.DuplicateError{Name: "a"}},
		{"name twice after too deep", `[[[]], {"a": 1, "a": 2}]`, 2, tree.ErrDepth},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n, err := tree.Parse(tt.text, tt.depth)
			if n != nil {
				t.Errorf("a tree beside the error %v", err)
			}
			switch want := tt.want.(type) {
			case *json.SyntaxError:
				if got, ok := errors.AsType[*json.SyntaxError](err); !ok || got.Offset != want.Offset {
					t.Errorf("%#v, want no JSON at %d", err, want.Offset)
				}
			case *tree.DuplicateError:
				if got, ok := errors.AsType[*tree.DuplicateError](err); !ok || *got != *want {
					t.Errorf("%#v, want %#v", err, want)
				}
			default:
				if !errors.Is(err, want) {
					t.Errorf("%#v, want %#v", err, want)
				}
			}
		})
	}
}

// TestDeepest: what the standard library reads is read, if the caller allows it.
func TestDeepest(t *testing.T) {
	const depth = 10000
	n, err := tree.Parse(strings.Repeat("[", depth)+strings.Repeat("]", depth), depth)
	if err != nil {
		t.Fatal(err)
	}
	got := 1
	for ; len(n.Items) > 0; n = n.Items[0] {
		got++
	}
	if got != depth {
		t.Errorf("%d arrays, want %d", got, depth)
	}
}

func TestKindString(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{`null`, "null"},
		{`true`, "a boolean"},
		{`1`, "a number"},
		{`"1"`, "a string"},
		{`[]`, "a list"},
		{`{}`, "an object"},
	} {
		n, err := tree.Parse(tt.text, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got := n.Kind.String(); got != tt.want {
			t.Errorf("%s is %s, want %s", tt.text, got, tt.want)
		}
	}
}
