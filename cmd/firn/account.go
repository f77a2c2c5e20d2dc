package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"firn/internal/iam"
	"firn/internal/server"
)

func accountCommand() *cobra.Command {
	return group("account", "Make, list and delete accounts",
		`Make, list and delete accounts. Each account has its own vaults, users and
keys; nobody sees another account's.`,
		accountCreate(), accountList(), accountDelete())
}

func accountCreate() identityVerb {
	var name string
	return identityVerb{
		use: "create [ID]", short: "Make an account and its root key",
		long: `Make an account, and the key of its root, which may do everything in it. The
secret is shown this once. Without an ID, of twelve digits, one is made up.`,
		example: "firn account create 444455556666 --name backups",
		args:    cobra.MaximumNArgs(1), management: true,
		flags: func(fs *pflag.FlagSet) { fs.StringVar(&name, "name", "", "what people call the account") },
		run: func(v *identity, args []string) error {
			var parameters []string
			if len(args) > 0 {
				parameters = append(parameters, "AccountId", args[0])
			}
			if name != "" {
				parameters = append(parameters, "AccountName", name)
			}
			var r iam.CreateAccountResult
			if err := v.do("CreateAccount", &r, parameters...); err != nil {
				return err
			}
			return v.print(r, func(w io.Writer) {
				fmt.Fprintf(w, "Account %s is made. Its root key, shown this once:\n", r.Account.AccountID)
				printAccessKey(w, r.AccessKey)
			})
		},
	}
}

func accountList() identityVerb {
	return identityVerb{
		use: "list", short: "List the accounts",
		long:    "List the accounts: ids, when they were made, and names.",
		example: "firn account list --data /srv/firn",
		args:    cobra.NoArgs, management: true,
		run: func(v *identity, _ []string) error {
			var all iam.Members[iam.Account]
			err := each(v, "ListAccounts", func(r *iam.ListAccountsResult) iam.Truncation {
				all.Member = append(all.Member, r.Accounts.Member...)
				return r.Truncation
			})
			if err != nil {
				return err
			}
			return v.print(map[string]any{"Accounts": all}, func(w io.Writer) {
				var t table
				for _, a := range all.Member {
					t.row(a.AccountID, date(a.CreateDate), a.AccountName)
				}
				t.print(w)
			})
		},
	}
}

func accountDelete() identityVerb {
	return identityVerb{
		use: "delete ID", short: "Delete an account that has nothing left to delete",
		long:    "Delete an account that has no vaults, users, topics, queues or subscriptions left, with its root's keys, its retrieval policy and its capacity.",
		example: "firn account delete 444455556666",
		args:    cobra.ExactArgs(1), management: true,
		run: func(v *identity, args []string) error {
			if err := v.do("DeleteAccount", nil, "AccountId", args[0]); err != nil {
				return err
			}
			return v.done("Account %s is deleted.", args[0])
		},
	}
}

// printAccessKey prints a key as something to paste.
func printAccessKey(w io.Writer, k iam.AccessKey) {
	printKey(w, server.Key{ID: k.AccessKeyID, Secret: k.SecretAccessKey})
}

// A table is rows whose columns are lined up.
type table [][]string

func (t *table) row(columns ...string) { *t = append(*t, columns) }

func (t table) print(w io.Writer) {
	var width []int
	for _, row := range t {
		for i, text := range row {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], len(text))
		}
	}
	for _, row := range t {
		line := ""
		for i, text := range row {
			line += fmt.Sprintf("%-*s", width[i]+2, text)
		}
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
}

func date(t time.Time) string { return t.UTC().Format(time.RFC3339) }
