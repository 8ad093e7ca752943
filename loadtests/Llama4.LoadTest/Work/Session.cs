using System.Text.Json.Nodes;
using Llama4.LoadTest.Arriving;
using Llama4.LoadTest.Scenarios;

namespace Llama4.LoadTest.Work;

/// <summary>What one caller asks: one request, or several of which each has the dialog so far before it.</summary>
/// <param name="Part">Of the scenario.</param>
/// <param name="System">The system message, if there is one.</param>
/// <param name="Fields">Further fields of each request.</param>
internal sealed record Session(string Part, string? System, IReadOnlyList<Turn> Turns, JsonObject Fields)
{
    /// <summary>What the session that arrived asks: a function of the arrival and the seed.</summary>
    public static Session Of(Scenario scenario, Arrival arrival)
    {
        var draws = new Draws(scenario.Seed, 2, (ulong)arrival.Index);
        if (arrival.Lengths is { } lengths)
        {
            return new Session("recorded", null, [new Turn(Words.Text(draws, lengths.Prompt), lengths.Answer)], []);
        }

        if (scenario.Parts.Count == 0)
        {
            throw new LoadTestException($"{scenario.Arrivals.File}: expected lengths in each line, or parts in the scenario, found neither");
        }

        return scenario.Parts[draws.Weighted([.. scenario.Parts.Select(part => part.Weight)])].Make(draws, scenario.Seed);
    }
}

/// <summary>One request of a session.</summary>
/// <param name="Content">The user's message: text, or a list of parts.</param>
/// <param name="MaxTokens">Of the answer.</param>
/// <param name="IsRight">Tells whether an answer is right, where that is known.</param>
/// <param name="ThinkSeconds">From the end of the answer before to this request.</param>
internal sealed record Turn(JsonNode Content, int MaxTokens, Func<string, bool>? IsRight = null, double ThinkSeconds = 0);
