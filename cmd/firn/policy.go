package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"firn/glacier"
	"firn/internal/iam"
)

func userAttach() identityVerb {
	return identityVerb{
		use: "attach NAME POLICY", short: "Attach a policy to a user",
		long:    "Attach a policy to a user, by its name or its ARN. firn user create --help lists\nwhat there is.",
		example: "firn user attach alice AmazonGlacierReadOnlyAccess",
		args:    cobra.ExactArgs(2),
		run: func(v *identity, args []string) error {
			if err := v.do("AttachUserPolicy", nil, "UserName", args[0], "PolicyArn", policyARN(args[1])); err != nil {
				return err
			}
			return v.done("User %s has the policy %s.", args[0], args[1])
		},
	}
}

func userDetach() identityVerb {
	return identityVerb{
		use: "detach NAME POLICY", short: "Detach a policy from a user",
		long:    "Detach a policy from a user, by its name or its ARN.",
		example: "firn user detach alice AmazonGlacierReadOnlyAccess",
		args:    cobra.ExactArgs(2),
		run: func(v *identity, args []string) error {
			if err := v.do("DetachUserPolicy", nil, "UserName", args[0], "PolicyArn", policyARN(args[1])); err != nil {
				return err
			}
			return v.done("User %s no longer has the policy %s.", args[0], args[1])
		},
	}
}

func userPutPolicy() identityVerb {
	return identityVerb{
		use: "put-policy NAME POLICYNAME FILE", short: "Give a user a policy of his own",
		long: `Give a user a policy of his own, a JSON document in a file, or on standard input
if FILE is -. It takes the place of one that he has under the name.`,
		example: "firn user put-policy alice only-photos policy.json",
		args:    cobra.ExactArgs(3),
		run: func(v *identity, args []string) error {
			text, err := readPolicy(v, args[2])
			if err != nil {
				return err
			}
			if err := v.do("PutUserPolicy", nil, "UserName", args[0], "PolicyName", args[1], "PolicyDocument", text); err != nil {
				return err
			}
			return v.done("User %s has the policy %s.", args[0], args[1])
		},
	}
}

// readPolicy reads a policy, which is short, from a file or standard input.
func readPolicy(v *identity, file string) (string, error) {
	if file != "-" {
		text, err := os.ReadFile(file)
		return string(text), err
	}
	text, err := io.ReadAll(io.LimitReader(v.cmd.InOrStdin(), glacier.MaxDocument))
	return string(text), err
}

func userGetPolicy() identityVerb {
	return identityVerb{
		use: "get-policy NAME POLICYNAME", short: "Print a user's own policy",
		long:    "Print a user's own policy, as it was put.",
		example: "firn user get-policy alice only-photos",
		args:    cobra.ExactArgs(2),
		run: func(v *identity, args []string) error {
			var r iam.GetUserPolicyResult
			if err := v.do("GetUserPolicy", &r, "UserName", args[0], "PolicyName", args[1]); err != nil {
				return err
			}
			text, err := url.PathUnescape(r.PolicyDocument)
			if err != nil {
				return fmt.Errorf("read the reply: %w", err)
			}
			document := struct {
				UserName, PolicyName string
				PolicyDocument       json.RawMessage
			}{r.UserName, r.PolicyName, json.RawMessage(text)}
			return v.print(document, func(w io.Writer) { fmt.Fprintln(w, strings.TrimRight(text, "\r\n")) })
		},
	}
}

func userDeletePolicy() identityVerb {
	return identityVerb{
		use: "delete-policy NAME POLICYNAME", short: "Delete a user's own policy",
		long:    "Delete a user's own policy.",
		example: "firn user delete-policy alice only-photos",
		args:    cobra.ExactArgs(2),
		run: func(v *identity, args []string) error {
			if err := v.do("DeleteUserPolicy", nil, "UserName", args[0], "PolicyName", args[1]); err != nil {
				return err
			}
			return v.done("User %s no longer has the policy %s.", args[0], args[1])
		},
	}
}
