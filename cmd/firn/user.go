package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"firn/internal/access"
	"firn/internal/iam"
)

func userCommand() *cobra.Command {
	return group("user", "Manage an account's users and what they may do",
		`Manage an account's users and what they may do. A new user may do nothing until
a policy says otherwise. There are policies for everybody, which are attached by
name, and a user's own, which are put as JSON documents.`,
		userCreate(), userList(), userShow(), userDelete(),
		userAttach(), userDetach(), userPutPolicy(), userGetPolicy(), userDeletePolicy())
}

func userCreate() identityVerb {
	var policies []string
	return identityVerb{
		use: "create NAME", short: "Make a user",
		long: `Make a user. To sign requests he needs a key, too: see firn key create.

The policies that can be attached are:
  ` + strings.Join(access.ManagedNames(), "\n  "),
		example: "firn user create alice --policy AmazonGlacierFullAccess",
		args:    cobra.ExactArgs(1),
		flags: func(fs *pflag.FlagSet) {
			fs.StringArrayVar(&policies, "policy", nil, "name or ARN of a policy to attach; can be repeated")
		},
		run: func(v *identity, args []string) error {
			var r iam.CreateUserResult
			if err := v.do("CreateUser", &r, "UserName", args[0]); err != nil {
				return err
			}
			for _, p := range policies {
				if err := v.do("AttachUserPolicy", nil, "UserName", args[0], "PolicyArn", policyARN(p)); err != nil {
					return fmt.Errorf("user %s is made, but does not have the policy %s: %w", args[0], p, err)
				}
			}
			return v.print(r, func(w io.Writer) { fmt.Fprintf(w, "User %s is made: %s\n", r.User.UserName, r.User.ARN) })
		},
	}
}

// policyARN is the ARN of a policy that is named by its name or its ARN.
func policyARN(name string) string {
	if strings.HasPrefix(name, "arn:") {
		return name
	}
	return access.ManagedARN(name)
}

func userList() identityVerb {
	return identityVerb{
		use: "list", short: "List the users",
		long:    "List the account's users: names, when they were made, and ids.",
		example: "firn user list",
		args:    cobra.NoArgs,
		run: func(v *identity, _ []string) error {
			var all iam.Members[iam.User]
			err := each(v, "ListUsers", func(r *iam.ListUsersResult) iam.Truncation {
				all.Member = append(all.Member, r.Users.Member...)
				return r.Truncation
			})
			if err != nil {
				return err
			}
			return v.print(map[string]any{"Users": all}, func(w io.Writer) {
				var t table
				for _, u := range all.Member {
					t.row(u.UserName, date(u.CreateDate), u.UserID)
				}
				t.print(w)
			})
		},
	}
}

func userShow() identityVerb {
	return identityVerb{
		use: "show NAME", short: "Show a user, his policies and his keys",
		long:    "Show a user, his policies and his keys.",
		example: "firn user show alice",
		args:    cobra.ExactArgs(1),
		run: func(v *identity, args []string) error {
			var r iam.GetUserResult
			if err := v.do("GetUser", &r, "UserName", args[0]); err != nil {
				return err
			}
			has, err := belongings(v, args[0])
			if err != nil {
				return err
			}
			document := struct {
				User iam.User
				*userBelongings
			}{r.User, has}
			return v.print(document, func(w io.Writer) { printUser(w, r.User, has) })
		},
	}
}

// userBelongings are what a user has.
type userBelongings struct {
	AttachedPolicies  iam.Members[iam.AttachedPolicy]
	PolicyNames       iam.Members[string]
	AccessKeyMetadata iam.Members[iam.AccessKeyMetadata]
}

func belongings(v *identity, user string) (*userBelongings, error) {
	has := new(userBelongings)
	err := each(v, "ListAttachedUserPolicies", func(r *iam.ListAttachedUserPoliciesResult) iam.Truncation {
		has.AttachedPolicies.Member = append(has.AttachedPolicies.Member, r.AttachedPolicies.Member...)
		return r.Truncation
	}, "UserName", user)
	if err != nil {
		return nil, err
	}
	err = each(v, "ListUserPolicies", func(r *iam.ListUserPoliciesResult) iam.Truncation {
		has.PolicyNames.Member = append(has.PolicyNames.Member, r.PolicyNames.Member...)
		return r.Truncation
	}, "UserName", user)
	if err != nil {
		return nil, err
	}
	has.AccessKeyMetadata.Member, err = keysOf(v, []string{user})
	return has, err
}

func printUser(w io.Writer, u iam.User, has *userBelongings) {
	var t table
	t.row("user", u.UserName)
	t.row("ARN", u.ARN)
	t.row("id", u.UserID)
	t.row("made", date(u.CreateDate))
	for _, p := range has.AttachedPolicies.Member {
		t.row("attached policy", p.PolicyName)
	}
	for _, name := range has.PolicyNames.Member {
		t.row("own policy", name)
	}
	for _, k := range has.AccessKeyMetadata.Member {
		t.row("key", k.AccessKeyID+", "+strings.ToLower(k.Status)+", made "+date(k.CreateDate))
	}
	t.print(w)
}

func userDelete() identityVerb {
	var all bool
	return identityVerb{
		use: "delete NAME", short: "Delete a user",
		long: `Delete a user who has neither keys nor policies. With --with-belongings these
are deleted first, the keys before the policies. That is not one step: if it
fails in the middle, repeat it.`,
		example: "firn user delete alice --with-belongings",
		args:    cobra.ExactArgs(1),
		flags: func(fs *pflag.FlagSet) {
			fs.BoolVar(&all, "with-belongings", false, "delete the user's keys and policies, too")
		},
		run: func(v *identity, args []string) error {
			if all {
				if err := strip(v, args[0]); err != nil {
					return err
				}
			}
			if err := v.do("DeleteUser", nil, "UserName", args[0]); err != nil {
				return err
			}
			return v.done("User %s is deleted.", args[0])
		},
	}
}

// strip takes everything from a user, the keys first: with them goes the rest.
func strip(v *identity, user string) error {
	has, err := belongings(v, user)
	if err != nil {
		return err
	}
	for _, k := range has.AccessKeyMetadata.Member {
		if err := v.do("DeleteAccessKey", nil, "UserName", user, "AccessKeyId", k.AccessKeyID); err != nil {
			return err
		}
	}
	for _, p := range has.AttachedPolicies.Member {
		if err := v.do("DetachUserPolicy", nil, "UserName", user, "PolicyArn", p.PolicyARN); err != nil {
			return err
		}
	}
	for _, name := range has.PolicyNames.Member {
		if err := v.do("DeleteUserPolicy", nil, "UserName", user, "PolicyName", name); err != nil {
			return err
		}
	}
	return nil
}
