using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Llama4.Contracts;
using Llama4.Gateway.Requests.Fields;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests.Requests;

/// <summary>The field table against the code and the document: every row is sent and does what it says.</summary>
public partial class FieldTableTests
{
    private static readonly string[] WrongValues = ["{\"no\":[\"such\"]}", "true", "\"\\ud800\"", "[[{}]]", "-7.5"];

    public static TheoryData<string, string> Rows { get; } = [.. Places().SelectMany(place => ApiFields.Of(place).Select(field => (field.Name, place.ToString())))];

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Field_WhenItIsSent_IsTreatedAsTheTableSays(string name, string place)
    {
        var field = Find(name, place);
        switch (field.Use)
        {
            case FieldUse.Supported:
                await IsReadAsync(field, Enum.Parse<FieldPlaces>(place));
                break;
            case FieldUse.Ignored:
                await IsIgnoredAsync(field, Enum.Parse<FieldPlaces>(place));
                break;
            default:
                await IsRefusedAsync(field, Enum.Parse<FieldPlaces>(place));
                break;
        }
    }

    public static TheoryData<string> ChatFields { get; } = [.. ApiFields.Of(FieldPlaces.Chat).Select(field => field.Name)];

    /// <summary>A response is made of a chat's answer: no field of chat may be passed over there, nor mean something else.</summary>
    [Theory]
    [MemberData(nameof(ChatFields))]
    public async Task ChatField_InResponses_HasARowThere_AndAsksForTheSame(string name)
    {
        var chat = Find(name, nameof(FieldPlaces.Chat));
        var there = ApiFields.Of(FieldPlaces.Responses).SingleOrDefault(field => field.Name == name);
        there.ShouldNotBeNull($"what becomes of {name} in /v1/responses is not said");
        if (there != chat || chat.Use != FieldUse.Supported)
        {
            return; // what it does is tested with its own row
        }

        var cluster = ScriptedClient.Saying("ok");
        await using var gateway = await TestGateway.StartAsync(cluster, options => options with { NewId = () => Guid.Empty });
        var asked = new List<string>();
        foreach (var place in (FieldPlaces[])[FieldPlaces.Chat, FieldPlaces.Responses])
        {
            var (status, text) = await PostAsync(gateway, place, name, chat.Example, "");
            status.ShouldBe(HttpStatusCode.OK, text);
            asked.Add(JsonSerializer.Serialize((await cluster.NextAsync()).Request));
        }

        asked[1].ShouldBe(asked[0]);
    }

    [Fact]
    public void Table_NamesAFieldOnceForEachEndpoint() =>
        Places().ShouldAllBe(place => ApiFields.Of(place).GroupBy(field => field.Name).All(rows => rows.Count() == 1));

    [Fact]
    public void Document_HasTheRowsOfTheTableAndNoOthers()
    {
        var lines = File.ReadAllLines(Path.Combine(Golden.Checkout, "docs", "api.md"));
        var start = Array.IndexOf(lines, "| field | where | | remark |");
        start.ShouldBeGreaterThan(0, "docs/api.md has the field table");

        var written = lines[(start + 2)..].TakeWhile(line => line.StartsWith('|')).ToArray();

        written.ShouldBe(ApiFields.All.Select(Row), Case.Sensitive, string.Join('\n', ApiFields.All.Select(Row)));
    }

    [Fact]
    public void Table_HasSchemasThatAreJson() => ApiFields.All.ShouldAllBe(field => Json.Parse(field.Schema).ValueKind == JsonValueKind.Object);

    private static string Row(ApiField field) =>
        $"| `{field.Name}` | {string.Join(", ", Places().Where(place => field.Places.HasFlag(place)).Select(place => place.ToString().ToLowerInvariant()))} "
        + $"| {field.Use.ToString().ToLowerInvariant()} | {field.Remark.Replace("|", "\\|")} |";

    private static async Task IsReadAsync(ApiField field, FieldPlaces place)
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("ok"));
        var (good, answer) = await PostAsync(gateway, place, field.Name, field.Example, Beside(field.Name, place));
        good.ShouldBe(HttpStatusCode.OK, answer);

        foreach (var wrong in WrongValues)
        {
            var (status, text) = await PostAsync(gateway, place, field.Name, wrong, Beside(field.Name, place));
            if (status == HttpStatusCode.BadRequest)
            {
                Json.Parse(text).At("error.param").GetString()!.ShouldStartWith(field.Name);
                return;
            }
        }

        Assert.Fail($"no wrong value of {field.Name} was refused: it is not read");
    }

    private static async Task IsIgnoredAsync(ApiField field, FieldPlaces place)
    {
        var cluster = ScriptedClient.Saying("ok");
        await using var gateway = await TestGateway.StartAsync(cluster, options => options with { NewId = () => Guid.Empty });
        var (plainStatus, plain) = await PostAsync(gateway, place, "unheard_of", "1", "");
        plainStatus.ShouldBe(HttpStatusCode.OK, plain);
        foreach (var value in (string[])[field.Example, "{\"no\":[\"such\"]}", "-7.5"])
        {
            var (status, text) = await PostAsync(gateway, place, field.Name, value, "");
            status.ShouldBe(HttpStatusCode.OK, text);
            text.ShouldBe(plain);
        }

        var requests = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            requests.Add(JsonSerializer.Serialize((await cluster.NextAsync()).Request));
        }

        requests.Distinct().Count().ShouldBe(1);
    }

    private static async Task IsRefusedAsync(ApiField field, FieldPlaces place)
    {
        var cluster = ScriptedClient.Saying("ok");
        await using var gateway = await TestGateway.StartAsync(cluster);

        var (status, text) = await PostAsync(gateway, place, field.Name, field.Example, Beside(field.Name, place));

        status.ShouldBe(HttpStatusCode.BadRequest, text);
        Json.Parse(text).At("error.param").GetString().ShouldBe(field.Name);
        Json.Parse(text).At("error.code").GetString().ShouldBe("unsupported_parameter");
        Json.Parse(text).At("error.message").GetString()!.ShouldContain(field.Name);
        cluster.HasNext.ShouldBeFalse();
        foreach (var neutral in (string[])["null", .. field.Neutral])
        {
            var (taken, answer) = await PostAsync(gateway, place, field.Name, neutral, Beside(field.Name, place));
            taken.ShouldBe(HttpStatusCode.OK, answer);
        }
    }

    private static async Task<(HttpStatusCode Status, string Text)> PostAsync(TestGateway gateway, FieldPlaces place, string name, string value, string beside)
    {
        var (path, members) = Base(place);
        members[name] = value;
        var body = $"{{{string.Join(',', members.Select(member => $"\"{member.Key}\":{member.Value}"))}{beside}}}";
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await gateway.Http.PostAsync(path, content);
        return (response.StatusCode, Time().Replace(await response.Content.ReadAsStringAsync(), "$1:0"));
    }

    private static (string Path, Dictionary<string, string> Members) Base(FieldPlaces place) => place switch
    {
        FieldPlaces.Chat => ("/v1/chat/completions", new() { ["model"] = "\"scout-nano\"", ["messages"] = "[{\"role\":\"user\",\"content\":\"x\"}]" }),
        FieldPlaces.Text => ("/v1/completions", new() { ["model"] = "\"scout-nano\"", ["prompt"] = "\"x\"" }),
        FieldPlaces.Responses => ("/v1/responses", new() { ["model"] = "\"scout-nano\"", ["input"] = "\"x\"" }),
        FieldPlaces.Tokenize => ("/tokenize", new() { ["model"] = "\"scout-nano\"" }),
        FieldPlaces.Detokenize => ("/detokenize", new() { ["model"] = "\"scout-nano\"", ["tokens"] = "[5]" }),
        _ => throw new ArgumentOutOfRangeException(nameof(place)),
    };

    /// <summary>What a field needs beside it.</summary>
    private static string Beside(string name, FieldPlaces place) => (name, place) switch
    {
        ("stream_options", _) => ",\"stream\":true",
        ("tool_choice", FieldPlaces.Chat) => ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]",
        ("tool_choice", FieldPlaces.Responses) => ",\"tools\":[{\"type\":\"function\",\"name\":\"f\"}]",
        ("prompt" or "messages" or "content", FieldPlaces.Tokenize) => "",
        ("parse_special" or "add_special", FieldPlaces.Tokenize) => ",\"content\":\"x\"",
        ("add_special_tokens", FieldPlaces.Tokenize) => ",\"prompt\":\"x\"",
        (_, FieldPlaces.Tokenize) => ",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]",
        _ => "",
    };

    [GeneratedRegex("(\"(?:created|created_at|completed_at)\"):[0-9]+")]
    private static partial Regex Time();

    private static ApiField Find(string name, string place) => ApiFields.Of(Enum.Parse<FieldPlaces>(place)).Single(field => field.Name == name);

    private static FieldPlaces[] Places() =>
        [FieldPlaces.Chat, FieldPlaces.Text, FieldPlaces.Responses, FieldPlaces.Tokenize, FieldPlaces.Detokenize];
}
