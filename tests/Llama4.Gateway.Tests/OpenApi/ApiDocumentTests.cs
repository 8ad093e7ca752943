using System.Text.Json;
using System.Text.RegularExpressions;
using Llama4.Gateway.OpenApi;
using Llama4.Gateway.Requests.Fields;
using Llama4.Gateway.Tests.Scripted;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;

namespace Llama4.Gateway.Tests.OpenApi;

public partial class ApiDocumentTests
{
    private static readonly string[] Pages = ["/openapi/", "/scalar", "/console/{"];

    [Fact]
    public async Task Document_IsValidOpenApi()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent());

        var read = OpenApiDocument.Parse(await gateway.Http.GetStringAsync("/openapi/v1.json"), "json");

        read.Diagnostic!.Errors.ShouldBeEmpty();
        read.Diagnostic.SpecificationVersion.ShouldBe(OpenApiSpecVersion.OpenApi3_1);
        read.Document!.Validate(ValidationRuleSet.GetDefaultRuleSet()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Document_HasEveryPathThatIsMapped()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent());
        var document = Json.Parse(await gateway.Http.GetStringAsync("/openapi/v1.json"));
        var mapped = gateway.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Select(ApiDocumentSetup.Path)
            .Where(path => path != "/{*path}" && !Pages.Any(path.StartsWith)) // the fallback, and what pages are made of
            .Distinct();

        document.At("paths").EnumerateObject().Select(path => path.Name).ShouldBe(mapped, ignoreOrder: true);
    }

    [Fact]
    public async Task Document_ShowsTheFieldsThatAreNotRefused()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent());
        var schemas = Json.Parse(await gateway.Http.GetStringAsync("/openapi/v1.json")).At("components.schemas");

        foreach (var place in (FieldPlaces[])[FieldPlaces.Chat, FieldPlaces.Text, FieldPlaces.Responses, FieldPlaces.Tokenize, FieldPlaces.Detokenize])
        {
            schemas.GetProperty($"{place}Request").At("properties").EnumerateObject().Select(property => property.Name)
                .ShouldBe(ApiFields.Of(place).Where(field => field.Use != FieldUse.Refused).Select(field => field.Name));
        }

        schemas.At("ChatRequest.required").EnumerateArray().Select(name => name.GetString()).ShouldBe(["messages"]);
        schemas.At("ChatRequest.properties.top_p.maximum").GetDouble().ShouldBe(1);
    }

    [Fact]
    public async Task Examples_AreTakenAndAnswersHaveTheirMembers()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("Paris."));
        var document = Json.Parse(await gateway.Http.GetStringAsync("/openapi/v1.json"));
        foreach (var path in document.At("paths").EnumerateObject().Where(path => path.Value.TryGetProperty("post", out _)))
        {
            var request = path.Value.At("post.requestBody.content").GetProperty("application/json").At("example");

            var answer = await gateway.JsonAsync(path.Name, request.GetRawText());

            var example = path.Value.GetProperty("post").GetProperty("responses").GetProperty("200").GetProperty("content").GetProperty("application/json");
            example.At("example").EnumerateObject().Select(member => member.Name)
                .Except(answer.EnumerateObject().Select(member => member.Name)).ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task Page_LoadsNothingFromElsewhere()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent());

        using var page = await gateway.Http.GetAsync("/scalar");

        var html = await page.Content.ReadAsStringAsync();
        page.EnsureSuccessStatusCode();
        page.Headers.GetValues("Content-Security-Policy").Single().ShouldContain("connect-src 'self'");
        Loaded().Matches(html).Select(match => match.Groups[1].Value).ShouldAllBe(address => !address.Contains("//"));
        foreach (Match script in Loaded().Matches(html))
        {
            var address = new Uri(new Uri(page.RequestMessage!.RequestUri!, "/scalar/"), script.Groups[1].Value);
            (await gateway.Http.GetAsync(address)).EnsureSuccessStatusCode();
        }
    }

    [GeneratedRegex("(?:src|href)=\"([^\"]*)\"")]
    private static partial Regex Loaded();
}
