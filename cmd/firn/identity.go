package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"firn/internal/iam"
)

// The account of firn dev and firn serve, unless they are told another.
const defaultAccount = "111122223333"

const defaultEndpoint = "http://" + defaultListen

// whereHelp is in the help of every command about accounts, users and keys.
const whereHelp = `A running server is asked, and the request is signed with the key in
AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. With --data DIR this works on a data
directory that no server has open; it needs no key then, and no line about it is
in the audit log.`

// managementHelp is in the help of the commands about accounts.
const managementHelp = whereHelp + `

The key must be one of the account that the server was started with, which
manages the others.`

// ownAccountHelp is in the help of those about users and keys.
const ownAccountHelp = whereHelp + `

A server is asked about the account that the key belongs to: for another one, use
a key of that account. With --data, --account names it.`

// group is a command that is there for those below it.
func group(use, short, long string, verbs ...identityVerb) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long + "\n\n" + exitCodes,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, v := range verbs {
		cmd.AddCommand(v.command())
	}
	return cmd
}

// An identityVerb is a command about accounts, users or keys.
type identityVerb struct {
	use, short, long, example string

	args       cobra.PositionalArgs
	management bool                 // it is about accounts, not about what is in one
	flags      func(*pflag.FlagSet) // that it has besides; may be nil
	run        func(v *identity, args []string) error
}

// identityFlags say whom to ask.
type identityFlags struct {
	endpoint, data, sealKey, account string

	json bool
}

// An identity is a command that has somebody to ask.
type identity struct {
	cmd  *cobra.Command
	out  io.Writer
	json bool
	api  identityAPI
}

// An identityAPI answers what is asked, as [awsapi.Client] does. A refusal is an
// [*iam.Error].
type identityAPI interface {
	Do(ctx context.Context, form url.Values) (document []byte, err error)
	Close() error
}

func (s identityVerb) command() *cobra.Command {
	help := ownAccountHelp
	if s.management {
		help = managementHelp
	}
	cmd := &cobra.Command{
		Use: s.use, Short: s.short, Long: s.long + "\n\n" + help + "\n\n" + exitCodes, Example: "  " + s.example,
		Args: usageArgs(s.args),
	}
	f, fs := new(identityFlags), cmd.Flags()
	fs.SortFlags = false
	if s.flags != nil {
		s.flags(fs)
	}
	fs.StringVar(&f.endpoint, "endpoint-url", "", "server to ask (default: AWS_ENDPOINT_URL, else "+defaultEndpoint+")")
	fs.StringVar(&f.data, "data", "", "data directory (of a store that no server has open)")
	if !s.management {
		fs.StringVar(&f.account, "account", defaultAccount, "with --data, the account that it is about: twelve digits")
	}
	fs.StringVar(&f.sealKey, "seal-key", "", "file with the key that seals secrets: 64 hex digits (default: one in the data directory)")
	fs.BoolVar(&f.json, "json", false, "print a JSON document")
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		api, err := f.open(cmd)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, api.Close()) }()
		return s.run(&identity{cmd: cmd, out: cmd.OutOrStdout(), json: f.json, api: api}, args)
	}
	return cmd
}

// do asks for an action, with the names and values of its parameters, and
// takes its result, if result is not nil.
func (v *identity) do(action string, result any, parameters ...string) error {
	form := url.Values{"Action": {action}, "Version": {iam.Version}}
	for i := 0; i < len(parameters); i += 2 {
		form.Set(parameters[i], parameters[i+1])
	}
	document, err := v.api.Do(v.cmd.Context(), form)
	if err != nil || result == nil {
		return err
	}
	return iam.Decode(document, action, result)
}

// each asks for a list, page by page. take gets each page and returns how it
// goes on.
func each[R any](v *identity, action string, take func(*R) iam.Truncation, parameters ...string) error {
	for {
		var page R
		if err := v.do(action, &page, parameters...); err != nil {
			return err
		}
		next := take(&page)
		if !next.IsTruncated {
			return nil
		}
		parameters = append(parameters[:len(parameters):len(parameters)], "Marker", next.Marker)
	}
}

// print prints a document for a machine, or else what text prints for people.
func (v *identity) print(document any, text func(w io.Writer)) error {
	if !v.json {
		text(v.out)
		return nil
	}
	return printJSON(v.out, document)
}

// printJSON prints a document for machines.
func printJSON(w io.Writer, document any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(document)
}

// done says that something was done that has no result.
func (v *identity) done(format string, args ...any) error {
	return v.print(struct{}{}, func(w io.Writer) { fmt.Fprintf(w, format+"\n", args...) })
}

// userIn are the parameters for a user's name, if one is among the arguments;
// without it, an account's root is meant.
func userIn(args []string) []string {
	if len(args) == 0 {
		return nil
	}
	return []string{"UserName", args[0]}
}

// keyHolder is how a key's holder is called.
func keyHolder(user string) string {
	if user == "" {
		return "the account's root"
	}
	return "user " + user
}
