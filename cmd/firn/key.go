package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"firn/internal/iam"
)

func keyCommand() *cobra.Command {
	return group("key", "Make, disable, rotate and delete access keys",
		`Make, disable, rotate and delete the access keys of users, and of an account's
root. Each can have two: one in use, and one that is to take its place.`,
		keyCreate(), keyList(), keyRotate(),
		keyState("disable", "Inactive", "Disable a key", `Disable a key: from now on requests signed with it are refused. It can be enabled
again.`),
		keyState("enable", "Active", "Enable a key that was disabled", "Enable a key that was disabled."),
		keyDelete())
}

func keyCreate() identityVerb {
	return identityVerb{
		use: "create [USER]", short: "Make a key",
		long: `Make a key for a user, or without USER for whoever asks: the account's root, if
the key that signs is root's, and with --data. The secret is shown this once.`,
		example: "firn key create alice",
		args:    cobra.MaximumNArgs(1),
		run: func(v *identity, args []string) error {
			var r iam.CreateAccessKeyResult
			if err := v.do("CreateAccessKey", &r, userIn(args)...); err != nil {
				return err
			}
			return v.print(r, func(w io.Writer) {
				fmt.Fprintf(w, "The key of %s, shown this once:\n", keyHolder(r.AccessKey.UserName))
				printAccessKey(w, r.AccessKey)
			})
		},
	}
}

func keyList() identityVerb {
	return identityVerb{
		use: "list [USER]", short: "List keys",
		long: `List the keys of a user, or without USER those of whoever asks: the account's
root's, if the key that signs is root's, and with --data. No secret is shown.`,
		example: "firn key list alice",
		args:    cobra.MaximumNArgs(1),
		run: func(v *identity, args []string) error {
			keys, err := keysOf(v, args)
			if err != nil {
				return err
			}
			document := map[string]any{"AccessKeyMetadata": iam.Members[iam.AccessKeyMetadata]{Member: keys}}
			return v.print(document, func(w io.Writer) {
				var t table
				for _, k := range keys {
					t.row(k.AccessKeyID, date(k.CreateDate), strings.ToLower(k.Status))
				}
				t.print(w)
			})
		},
	}
}

// keysOf lists keys, the oldest first.
func keysOf(v *identity, args []string) (keys []iam.AccessKeyMetadata, err error) {
	err = each(v, "ListAccessKeys", func(r *iam.ListAccessKeysResult) iam.Truncation {
		keys = append(keys, r.AccessKeyMetadata.Member...)
		return r.Truncation
	}, userIn(args)...)
	slices.SortStableFunc(keys, func(a, b iam.AccessKeyMetadata) int { return a.CreateDate.Compare(b.CreateDate) })
	return keys, err
}

// holderOf are the parameters that name the holder of a key: none if it is
// the account's root, who is then also the one who asks.
func holderOf(v *identity, id string) (parameters []string, err error) {
	var r iam.GetAccessKeyLastUsedResult
	if err := v.do("GetAccessKeyLastUsed", &r, "AccessKeyId", id); err != nil {
		return nil, err
	}
	if r.UserName == "" {
		return nil, nil
	}
	return []string{"UserName", r.UserName}, nil
}

func keyRotate() identityVerb {
	return identityVerb{
		use: "rotate KEYID", short: "Put a new key in the place of an old one",
		long: `Make a new key for the holder of a key, and disable the old one. The new secret is
shown this once. When nothing uses the old key any more, delete it.`,
		example: "firn key rotate AKIAIOSFODNN7EXAMPLE",
		args:    cobra.ExactArgs(1),
		run: func(v *identity, args []string) error {
			holder, err := holderOf(v, args[0])
			if err != nil {
				return err
			}
			var r iam.CreateAccessKeyResult
			err = v.do("CreateAccessKey", &r, holder...)
			var refused *iam.Error
			if errors.As(err, &refused) && refused.Code == iam.LimitExceeded {
				return fmt.Errorf("%w: delete a key that is not in use first", err)
			}
			if err != nil {
				return err
			}
			// Shown before anything else can fail.
			err = v.print(r, func(w io.Writer) {
				fmt.Fprintf(w, "The new key of %s, shown this once:\n", keyHolder(r.AccessKey.UserName))
				printAccessKey(w, r.AccessKey)
			})
			if err != nil {
				return err
			}
			if err := v.do("UpdateAccessKey", nil, append(holder, "AccessKeyId", args[0], "Status", "Inactive")...); err != nil {
				return fmt.Errorf("the new key is good, but the old one is not disabled: %w", err)
			}
			if !v.json {
				fmt.Fprintf(v.out, "Key %s is disabled.\n", args[0])
			}
			return nil
		},
	}
}

// keyState is a command that sets a key's state.
func keyState(verb, status, short, long string) identityVerb {
	return identityVerb{
		use: verb + " KEYID", short: short, long: long,
		example: "firn key " + verb + " AKIAIOSFODNN7EXAMPLE",
		args:    cobra.ExactArgs(1),
		run: func(v *identity, args []string) error {
			holder, err := holderOf(v, args[0])
			if err != nil {
				return err
			}
			if err := v.do("UpdateAccessKey", nil, append(holder, "AccessKeyId", args[0], "Status", status)...); err != nil {
				return err
			}
			return v.done("Key %s is %sd.", args[0], verb)
		},
	}
}

func keyDelete() identityVerb {
	return identityVerb{
		use: "delete KEYID", short: "Delete a key",
		long:    "Delete a key. It cannot be brought back.",
		example: "firn key delete AKIAIOSFODNN7EXAMPLE",
		args:    cobra.ExactArgs(1),
		run: func(v *identity, args []string) error {
			holder, err := holderOf(v, args[0])
			if err != nil {
				return err
			}
			if err := v.do("DeleteAccessKey", nil, append(holder, "AccessKeyId", args[0])...); err != nil {
				return err
			}
			return v.done("Key %s is deleted.", args[0])
		},
	}
}
