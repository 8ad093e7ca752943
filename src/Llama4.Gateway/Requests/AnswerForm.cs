using System.Text.Json;
using Llama4.Contracts;

namespace Llama4.Gateway.Requests;

/// <summary>What a request says its answer must look like: <c>response_format</c> as OpenAI has it, and vLLM's and llama.cpp's fields for the same.</summary>
/// <param name="Param">The field that says so, for errors.</param>
internal sealed record AnswerForm(DecodingConstraint Constraint, string Param)
{
    private const string AnyObject = """{"type":"object"}""";
    private const int NameCharsMax = 64;

    /// <returns>Null for any text.</returns>
    /// <exception cref="ApiError">A field is wrong or not supported, or there are several. Whether the constraint itself can be enforced is not looked at here.</exception>
    public static AnswerForm? Read(RequestFields fields)
    {
        AnswerForm?[] forms =
        [
            ReadResponseFormat(fields),
            ReadSchema(fields, "json_schema"),
            ReadSchema(fields, "guided_json"),
            ReadText(fields, "guided_regex", ConstraintKind.Regex),
            ReadChoice(fields, "guided_choice"),
            ReadText(fields, "guided_grammar", ConstraintKind.Grammar),
            ReadText(fields, "grammar", ConstraintKind.Grammar),
            ReadStructuredOutputs(fields),
        ];
        if (fields.Find("guided_whitespace_pattern") is not null)
        {
            throw ApiError.NotSupported("'guided_whitespace_pattern' is not supported: values have one blank or none behind commas and colons.", "guided_whitespace_pattern");
        }

        var given = forms.OfType<AnswerForm>().ToArray();
        return given.Length <= 1
            ? given.FirstOrDefault()
            : throw ApiError.Invalid($"'{given[0].Param}' and '{given[1].Param}' both say what the answer must look like; only one may.", given[1].Param);
    }

    private static AnswerForm? ReadResponseFormat(RequestFields fields)
    {
        const string Param = "response_format";
        if (fields.Find(Param) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            throw ApiError.WrongType(Param, "an object", RequestFields.Name(value));
        }

        var format = new RequestFields(value);
        return (format.Find("type") is { } type ? RequestFields.Text($"{Param}.type", type) : throw ApiError.Missing($"{Param}.type")) switch
        {
            "text" => null,
            "json_object" when format.Find("schema") is { } schema => new(Schema(schema, $"{Param}.schema"), $"{Param}.schema"), // llama.cpp's
            "json_object" => new(Schema(AnyObject), Param),
            "json_schema" => ReadJsonSchema(format.Find("json_schema") ?? throw ApiError.Missing($"{Param}.json_schema"), $"{Param}.json_schema"),
            _ => throw ApiError.Invalid($"'{Param}.type' must be text, json_object or json_schema.", $"{Param}.type"),
        };
    }

    /// <summary>Strict or not, the schema is followed or the request refused: nobody is the worse for it.</summary>
    private static AnswerForm ReadJsonSchema(JsonElement value, string param)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw ApiError.WrongType(param, "an object", RequestFields.Name(value));
        }

        var fields = new RequestFields(value);
        var name = fields.Find("name") is { } given ? RequestFields.Text($"{param}.name", given) : throw ApiError.Missing($"{param}.name");
        if (name.Length is 0 or > NameCharsMax || !name.All(unit => char.IsAsciiLetterOrDigit(unit) || unit is '_' or '-'))
        {
            throw ApiError.Invalid($"'{param}.name' must have 1 to {NameCharsMax} characters, each a letter, a digit, '_' or '-'.", $"{param}.name");
        }

        var strict = fields.Find("strict") is { } said && (said.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? said.GetBoolean()
            : throw ApiError.WrongType($"{param}.strict", "true or false", RequestFields.Name(said)));
        return fields.Find("schema") is { } schema ? new(Schema(schema, $"{param}.schema"), $"{param}.schema")
            : strict ? throw ApiError.Missing($"{param}.schema")
            : new(Schema(AnyObject), param);
    }

    private static AnswerForm? ReadStructuredOutputs(RequestFields fields)
    {
        const string Param = "structured_outputs";
        if (fields.Find(Param) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            throw ApiError.WrongType(Param, "an object", RequestFields.Name(value));
        }

        foreach (var member in value.EnumerateObject())
        {
            if (member.Value.ValueKind is not (JsonValueKind.Null or JsonValueKind.False)
                && member.Name is not ("json" or "json_object" or "regex" or "choice" or "grammar" or "disable_any_whitespace" or "disable_fallback" or "backend"))
            {
                throw ApiError.NotSupported($"'{Param}.{member.Name}' is not supported.", $"{Param}.{member.Name}");
            }
        }

        var own = new RequestFields(value);
        AnswerForm?[] forms =
        [
            ReadSchema(own, "json"),
            own.Flag("json_object") ? new AnswerForm(Schema(AnyObject), "json_object") : null,
            ReadText(own, "regex", ConstraintKind.Regex),
            ReadChoice(own, "choice"),
            ReadText(own, "grammar", ConstraintKind.Grammar),
        ];
        return forms.OfType<AnswerForm>().ToArray() switch
        {
            [] => null,
            [var one] => one with { Param = $"{Param}.{one.Param}" },
            _ => throw ApiError.Invalid($"'{Param}' must have one of json, json_object, regex, choice and grammar.", Param),
        };
    }

    /// <summary>A schema, or its JSON in a string, as vLLM takes both.</summary>
    private static AnswerForm? ReadSchema(RequestFields fields, string name) => fields.Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text => new(Schema(RequestFields.Text(name, text)), name),
        { } schema => new(Schema(schema, name), name),
    };

    private static AnswerForm? ReadText(RequestFields fields, string name, ConstraintKind kind) =>
        fields.Text(name) is { } text ? new(new DecodingConstraint { Kind = kind, Text = text }, name) : null;

    private static AnswerForm? ReadChoice(RequestFields fields, string name) => fields.Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Array } choices => new(
            new DecodingConstraint { Kind = ConstraintKind.Choice, Text = JsonSerializer.Serialize(choices.EnumerateArray().Select(choice => RequestFields.Text(name, choice))) }, name),
        { } other => throw ApiError.WrongType(name, "an array of strings", RequestFields.Name(other)),
    };

    private static DecodingConstraint Schema(JsonElement schema, string param)
    {
        if (schema.ValueKind is not (JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False))
        {
            throw ApiError.WrongType(param, "a JSON Schema, an object", RequestFields.Name(schema));
        }

        try
        {
            return Schema(schema.GetRawText());
        }
        catch (InvalidOperationException)
        {
            throw ApiError.Invalid($"'{param}' is not text: it holds bytes that are not UTF-8.", param);
        }
    }

    private static DecodingConstraint Schema(string text) => new() { Kind = ConstraintKind.Schema, Text = text };
}
