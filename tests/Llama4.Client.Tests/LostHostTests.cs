using Microsoft.Extensions.AI;

namespace Llama4.Client.Tests;

/// <summary>Hosts are lost while a chat is answered: the answer is that of the undisturbed run, to the last character.</summary>
[Collection(nameof(OneHost))]
public class LostHostTests
{
    private const int Tokens = 400;

    [Fact]
    public async Task HostOfTheAnswer_LostInMidAnswer_IsReplaced()
    {
        await using var hosts = await ManyHosts.StartAsync(chatHosts: 2);
        await DisturbAsync(hosts, async () => await hosts.KillAsync(await hosts.AnsweringAsync()));
    }

    [Fact]
    public async Task HostOfTheEngine_LostInMidAnswer_IsReplaced()
    {
        await using var hosts = await ManyHosts.StartAsync(chatHosts: 2);
        await DisturbAsync(hosts, () => hosts.KillAsync(hosts.Engine));
    }

    [Fact]
    public async Task HostOfTheAnswer_ThatLeaves_HandsItOver()
    {
        await using var hosts = await ManyHosts.StartAsync(chatHosts: 2);
        await DisturbAsync(hosts, async () => await hosts.CloseAsync(await hosts.AnsweringAsync()));
    }

    private static async Task DisturbAsync(ManyHosts hosts, Func<Task> disturb)
    {
        // Sampled, with penalties over what was emitted: all of the answer's state counts.
        var options = new ChatOptions
        {
            Temperature = 1,
            Seed = 5,
            MaxOutputTokens = Tokens,
            FrequencyPenalty = 0.2f,
            AdditionalProperties = new() { ["ignore_eos"] = true },
        };
        var undisturbed = await hosts.Client.GetResponseAsync("Tell me of a river.", options);

        var updates = new List<ChatResponseUpdate>();
        await foreach (var update in hosts.Client.GetStreamingResponseAsync("Tell me of a river.", options))
        {
            updates.Add(update);
            if (updates.Count == 10)
            {
                await disturb().WaitAsync(OneHost.Limit);
            }
        }

        var disturbed = updates.ToChatResponse();
        disturbed.Text.ShouldBe(undisturbed.Text);
        disturbed.FinishReason.ShouldBe(ChatFinishReason.Length);
        disturbed.Usage!.OutputTokenCount.ShouldBe(Tokens);
        disturbed.Usage.InputTokenCount.ShouldBe(undisturbed.Usage!.InputTokenCount);
    }
}
