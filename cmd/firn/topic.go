package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"firn/internal/awsapi"
	"firn/internal/sigv4"
	"firn/internal/sns"
)

func topicCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "topic",
		Short: "See and replay messages that could not be delivered",
		Long: `See the messages of a topic that a subscriber has not had and is not tried with
any more, and have them tried anew. All else about topics is done with aws sns.

` + exitCodes,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(deadLettersCommand(), replayCommand())
	return cmd
}

// topicHelp is what the help of each verb ends with.
const topicHelp = `A running server is asked, and the request is signed with the key in
AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.

` + exitCodes

func deadLettersCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "dead-letters TOPIC", Short: "List the messages that could not be delivered",
		Long: `List the messages of a topic that a subscriber has not had and is not tried with
any more, oldest first: to whom, when it was published, how often it was tried,
and what was wrong. TOPIC is the topic's ARN.

` + topicHelp,
		Example: "  firn topic dead-letters arn:aws:sns:us-east-1:111122223333:done",
		Args:    usageArgs(cobra.ExactArgs(1)),
	}
	endpoint := endpointFlag(cmd)
	asJSON := cmd.Flags().Bool("json", false, "print a JSON document")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		api, err := topicAPI(*endpoint, args[0])
		if err != nil {
			return err
		}
		letters := []sns.DeadLetter{}
		for token := ""; ; {
			var page sns.ListDeadLettersResult
			if err := askTopic(cmd, api, "ListDeadLetters", &page, "TopicArn", args[0], "NextToken", token); err != nil {
				return err
			}
			letters = append(letters, page.DeadLetters.Member...)
			if token = page.NextToken; token == "" {
				return printLetters(cmd.OutOrStdout(), letters, *asJSON)
			}
		}
	}
	return cmd
}

func printLetters(w io.Writer, letters []sns.DeadLetter, asJSON bool) error {
	if asJSON {
		return printJSON(w, map[string]any{"DeadLetters": letters})
	}
	for _, l := range letters {
		fmt.Fprintf(w, "%s  to %s %s, published %s, tried %d times, given up %s: %s\n",
			l.MessageID, l.Protocol, l.Endpoint, l.Published, l.Attempts, l.GivenUp, l.Reason)
	}
	_, err := fmt.Fprintf(w, "%d dead letters.\n", len(letters))
	return err
}

func replayCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "replay TOPIC [SUBSCRIPTION]", Short: "Try to deliver them anew",
		Long: `Have a topic's dead letters delivered anew, all of them or those of one
subscription. TOPIC and SUBSCRIPTION are ARNs.

` + topicHelp,
		Example: "  firn topic replay arn:aws:sns:us-east-1:111122223333:done",
		Args:    usageArgs(cobra.RangeArgs(1, 2)),
	}
	endpoint := endpointFlag(cmd)
	asJSON := cmd.Flags().Bool("json", false, "print a JSON document")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		api, err := topicAPI(*endpoint, args[0])
		if err != nil {
			return err
		}
		var r sns.ReplayDeadLettersResult
		if err := askTopic(cmd, api, "ReplayDeadLetters", &r, "TopicArn", args[0], "SubscriptionArn", strings.Join(args[1:], "")); err != nil {
			return err
		}
		if *asJSON {
			return printJSON(cmd.OutOrStdout(), r)
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d are tried anew.\n", r.Replayed)
		return err
	}
	return cmd
}

func endpointFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("endpoint-url", "", "server to ask (default: AWS_ENDPOINT_URL, else "+defaultEndpoint+")")
}

// topicAPI is the server that a topic is asked of. The region to sign for is in
// the topic's ARN.
func topicAPI(endpoint, topic string) (*awsapi.Client, error) {
	f := strings.Split(topic, ":")
	if len(f) != 6 || f[2] != sns.Service {
		return nil, usageError(fmt.Errorf("%q is not the ARN of a topic", topic))
	}
	key := sigv4.Credentials{AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY")}
	if key.AccessKeyID == "" || key.SecretAccessKey == "" {
		return nil, usageError(errors.New("there is no key to sign with: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"))
	}
	api, err := awsapi.NewClient(cmp.Or(endpoint, os.Getenv("AWS_ENDPOINT_URL"), defaultEndpoint), key, f[3], sns.Service)
	if err != nil {
		return nil, usageError(err)
	}
	return api, nil
}

// askTopic asks for an action and takes its result. Parameters without a value
// are left out.
func askTopic(cmd *cobra.Command, api *awsapi.Client, action string, result any, parameters ...string) error {
	form := url.Values{"Action": {action}, "Version": {sns.Version}}
	for i := 0; i < len(parameters); i += 2 {
		if parameters[i+1] != "" {
			form.Set(parameters[i], parameters[i+1])
		}
	}
	document, err := api.Do(cmd.Context(), form)
	var unreachable *url.Error
	if errors.As(err, &unreachable) {
		return fmt.Errorf("no server answers: %w", unreachable.Err)
	}
	if err != nil {
		return err
	}
	return awsapi.Decode(document, action, result)
}
